using System.Globalization;
using System.Text;

namespace Ullage.Cli.Terminal;

/// <summary>The console of this process. The one file that asks <see cref="Console"/>.</summary>
internal static class SystemConsole
{
    public static CliConsole Open()
    {
        bool outIsTerminal = !Console.IsOutputRedirected;
        return new CliConsole
        {
            Out = Writer(1),
            Error = Writer(2),
            OutIsTerminal = outIsTerminal,
            ErrorIsTerminal = !Console.IsErrorRedirected,
            Width = Columns(outIsTerminal),
            Height = Lines(outIsTerminal),
            Utf8 = SpeaksUtf8(),
        }.WithColour(outIsTerminal && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"))
            && Environment.GetEnvironmentVariable("TERM") is not ("dumb" or null or ""));
    }

    private static StreamWriter Writer(int descriptor) =>
        new(new DescriptorStream(descriptor), new UTF8Encoding(encoderShouldEmitUTF8Identifier: false), bufferSize: 8192)
        {
            AutoFlush = true,
            NewLine = "\n",
        };

    private static int Columns(bool isTerminal) =>
        FromEnvironment("COLUMNS") ?? (isTerminal ? Positive(() => Console.WindowWidth) : null) ?? 80;

    private static int Lines(bool isTerminal) =>
        FromEnvironment("LINES") ?? (isTerminal ? Positive(() => Console.WindowHeight) : null) ?? 24;

    private static int? FromEnvironment(string name) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), NumberStyles.None, CultureInfo.InvariantCulture, out int value) && value > 0
            ? value : null;

    private static int? Positive(Func<int> size)
    {
        try
        {
            int value = size();
            return value > 0 ? value : null;
        }
        catch (IOException)
        {
            return null; // a terminal that does not tell its size, such as a serial line
        }
    }

    private static bool SpeaksUtf8()
    {
        string locale = FirstSet("LC_ALL", "LC_CTYPE", "LANG");
        return locale.Contains("UTF-8", StringComparison.OrdinalIgnoreCase) || locale.Contains("UTF8", StringComparison.OrdinalIgnoreCase);
    }

    private static string FirstSet(params ReadOnlySpan<string> names)
    {
        foreach (string name in names)
        {
            string? value = Environment.GetEnvironmentVariable(name);
            if (!string.IsNullOrEmpty(value))
            {
                return value;
            }
        }
        return "";
    }
}
