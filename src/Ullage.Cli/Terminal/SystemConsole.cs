using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Threading.Channels;

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
            Measure = outIsTerminal ? () => (Columns(isTerminal: true), Lines(isTerminal: true)) : null,
            OpenKeyboard = Console.IsInputRedirected ? null : () => new Keyboard(),
        }.WithColour(outIsTerminal && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"))
            && Environment.GetEnvironmentVariable("TERM") is not ("dumb" or null or ""));
    }

    private static StreamWriter Writer(int descriptor) =>
        new(new DescriptorStream(descriptor), new UTF8Encoding(encoderShouldEmitUTF8Identifier: false), bufferSize: 8192)
        {
            AutoFlush = true,
            NewLine = "\n",
        };

    private static int Columns(bool isTerminal) => FromEnvironment("COLUMNS") ?? (isTerminal ? Size().Columns : null) ?? 80;

    private static int Lines(bool isTerminal) => FromEnvironment("LINES") ?? (isTerminal ? Size().Lines : null) ?? 24;

    private static int? FromEnvironment(string name) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), NumberStyles.None, CultureInfo.InvariantCulture, out int value) && value > 0
            ? value : null;

    // Asked from the terminal driver: Console.WindowWidth would switch the terminal's key mode on the way.
    private static (int? Columns, int? Lines) Size()
    {
        const nuint GetWindowSize = 0x5413;
        WindowSize size = default;
        bool known = Ioctl(1, GetWindowSize, ref size) == 0 && size is { Columns: > 0, Rows: > 0 };
        return known ? (size.Columns, size.Rows) : (null, null); // a serial line does not know its size
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

    [DllImport("libc", EntryPoint = "ioctl")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Ioctl(int descriptor, nuint request, ref WindowSize size);

    [StructLayout(LayoutKind.Sequential)]
    private struct WindowSize
    {
        public ushort Rows;
        public ushort Columns;
        public ushort WidthPixels;
        public ushort HeightPixels;
    }

    /// <summary>Reads keys on a thread of its own, which waits in the terminal driver and costs nothing.</summary>
    private sealed class Keyboard : IKeyboard
    {
        private readonly Channel<KeyPress> _keys = Channel.CreateUnbounded<KeyPress>();

        public Keyboard() => new Thread(Listen) { IsBackground = true, Name = "keyboard" }.Start();

        public async Task<KeyPress?> NextAsync(TimeSpan wait, CancellationToken cancel)
        {
            using CancellationTokenSource timeout = CancellationTokenSource.CreateLinkedTokenSource(cancel);
            timeout.CancelAfter(wait);
            try
            {
                return await _keys.Reader.ReadAsync(timeout.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
            {
                return null;
            }
        }

        private void Listen()
        {
            try
            {
                while (_keys.Writer.TryWrite(Of(Console.ReadKey(intercept: true))))
                {
                }
            }
            catch (Exception lost) when (lost is InvalidOperationException or IOException)
            {
                _keys.Writer.TryWrite(new KeyPress('q')); // the terminal went away
            }
        }

        private static KeyPress Of(ConsoleKeyInfo key) => key.Key switch
        {
            ConsoleKey.Enter => KeyPress.Of(NamedKey.Enter),
            ConsoleKey.Escape => KeyPress.Of(NamedKey.Escape),
            ConsoleKey.Backspace => KeyPress.Of(NamedKey.Backspace),
            ConsoleKey.UpArrow => KeyPress.Of(NamedKey.Up),
            ConsoleKey.DownArrow => KeyPress.Of(NamedKey.Down),
            ConsoleKey.LeftArrow => KeyPress.Of(NamedKey.Left),
            ConsoleKey.RightArrow => KeyPress.Of(NamedKey.Right),
            ConsoleKey.PageUp => KeyPress.Of(NamedKey.PageUp),
            ConsoleKey.PageDown => KeyPress.Of(NamedKey.PageDown),
            ConsoleKey.Home => KeyPress.Of(NamedKey.Home),
            ConsoleKey.End => KeyPress.Of(NamedKey.End),
            _ => new KeyPress(key.KeyChar),
        };
    }
}
