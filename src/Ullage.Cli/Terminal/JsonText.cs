using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Ullage.Cli.Terminal;

/// <summary>Writes one JSON document to standard output.</summary>
internal static class JsonText
{
    public static void Write(CliConsole console, Action<Utf8JsonWriter> write)
    {
        using MemoryStream buffer = new();
        using (Utf8JsonWriter json = new(buffer, new JsonWriterOptions { Indented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            write(json);
        }
        console.WriteLine(Encoding.UTF8.GetString(buffer.ToArray()));
    }
}
