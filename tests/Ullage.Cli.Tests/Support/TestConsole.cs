using Ullage.Cli.Terminal;

namespace Ullage.Cli.Tests.Support;

/// <summary>A console in memory: a pipe of a given width, unless told otherwise.</summary>
internal sealed class TestConsole
{
    private readonly StringWriter _out = new();
    private readonly SharedWriter _error = new();

    public TestConsole(int width = 80, bool utf8 = false, bool terminal = false, bool colour = false, int height = 24)
    {
        Console = new CliConsole
        {
            Out = _out,
            Error = _error,
            Width = width,
            Height = height,
            Utf8 = utf8,
            OutIsTerminal = terminal,
            ErrorIsTerminal = terminal,
        }.WithColour(colour);
    }

    public CliConsole Console { get; }
    public string Out => _out.ToString();
    public string Error => _error.ToString();

    // Progress is drawn by another thread than the one that looks at it.
    private sealed class SharedWriter : StringWriter
    {
        private readonly Lock _gate = new();

        public override void Write(char value)
        {
            lock (_gate)
            {
                base.Write(value);
            }
        }

        public override void Write(string? value)
        {
            lock (_gate)
            {
                base.Write(value);
            }
        }

        public override void Write(char[] buffer, int index, int count)
        {
            lock (_gate)
            {
                base.Write(buffer, index, count);
            }
        }

        public override string ToString()
        {
            lock (_gate)
            {
                return base.ToString();
            }
        }
    }
}
