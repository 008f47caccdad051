using System.Diagnostics;
using System.Globalization;

namespace Ullage.Cli.Terminal;

/// <summary>One line on standard error that says how far something long has come. Nothing where that is no terminal.</summary>
internal sealed class ProgressLine(CliConsole console, string what, bool quiet)
{
    private const long RefreshMs = 200;
    private readonly Stopwatch _watch = Stopwatch.StartNew();
    private long _shownMs;
    private bool _shown;

    /// <summary>Shows a share, 0 to 1.</summary>
    public void Show(double share)
    {
        if (quiet || !console.ErrorIsTerminal || _watch.ElapsedMilliseconds - _shownMs < RefreshMs)
        {
            return;
        }
        _shownMs = _watch.ElapsedMilliseconds;
        _shown = true;
        console.Error.Write(string.Create(CultureInfo.InvariantCulture, $"\r{what}: {100 * share:0}%"));
    }

    /// <summary>Takes the line away.</summary>
    public void Clear()
    {
        if (_shown)
        {
            console.Error.Write("\r\e[K");
        }
    }
}
