namespace Ullage.Cli.Terminal;

/// <summary>What the verbs write to: standard output and standard error, and what is known about the two.</summary>
public sealed class CliConsole
{
    /// <summary>Standard output: what was asked for.</summary>
    public required TextWriter Out { get; init; }

    /// <summary>Standard error: errors, progress, notes.</summary>
    public required TextWriter Error { get; init; }

    /// <summary>Columns, 40 or more are usable. What is not a terminal counts as 80 columns unless COLUMNS says otherwise.</summary>
    public int Width { get; init; } = 80;

    /// <summary>Lines of the terminal.</summary>
    public int Height { get; init; } = 24;

    /// <summary>True when <see cref="Out"/> is a terminal.</summary>
    public bool OutIsTerminal { get; init; }

    /// <summary>True when <see cref="Error"/> is a terminal: progress may be drawn there.</summary>
    public bool ErrorIsTerminal { get; init; }

    /// <summary>The present size of the terminal, which may change; null = <see cref="Width"/> and <see cref="Height"/> for ever.</summary>
    public Func<(int Columns, int Lines)>? Measure { get; init; }

    /// <summary>Opens the terminal's keyboard; null when standard input is not a terminal.</summary>
    internal Func<IKeyboard>? OpenKeyboard { get; init; }

    /// <summary>True when <see cref="Out"/> may have colour.</summary>
    public bool Colour { get; private set; }

    /// <summary>True when the terminal shows UTF-8; false = ASCII only.</summary>
    public bool Utf8 { get; init; }

    /// <summary>The command line that is carried out, to be copied into a shell; reports show it.</summary>
    public string CommandLine { get; internal set; } = "ullage";

    /// <summary>Turns colour on or off.</summary>
    public CliConsole WithColour(bool colour)
    {
        Colour = colour;
        return this;
    }

    /// <summary>Writes one line to standard output.</summary>
    public void WriteLine(string line = "") => Out.Write(line + "\n");

    /// <summary>Writes one line to standard error. When that cannot be written there is nowhere left to say so: the exit code still tells.</summary>
    public void WriteError(string line)
    {
        try
        {
            Error.Write(line + "\n");
        }
        catch (Exception lost) when (lost is IOException or ObjectDisposedException)
        {
        }
    }

    internal string Paint(string text, Tone tone) => Colour && tone != Tone.Plain ? $"\e[{Sgr(tone)}m{text}\e[0m" : text;

    private static string Sgr(Tone tone) => tone switch
    {
        Tone.Dim => "2",
        Tone.Yellow => "33",
        Tone.Red => "31",
        Tone.Magenta => "35",
        _ => "0",
    };
}
