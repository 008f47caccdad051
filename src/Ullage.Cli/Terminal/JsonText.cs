using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Ullage.Cli.Terminal;

/// <summary>Writes one JSON document to standard output.</summary>
internal static class JsonText
{
    /// <summary>A writer in the house's layout.</summary>
    public static Utf8JsonWriter Writer(Stream stream) =>
        new(stream, new JsonWriterOptions { Indented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });

    public static void Write(CliConsole console, Action<Utf8JsonWriter> write)
    {
        using MemoryStream buffer = new();
        using (Utf8JsonWriter json = Writer(buffer))
        {
            write(json);
        }
        console.WriteLine(Encoding.UTF8.GetString(buffer.ToArray()));
    }
}
