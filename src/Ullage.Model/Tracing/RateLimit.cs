using System.Globalization;
using Ullage.Abi;

namespace Ullage.Model.Tracing;

/// <summary>
/// Lets at most so many messages through in each interval. What was held back is told by the first call after the interval,
/// so the last gap before silence is never told.
/// </summary>
[Kernel("___ratelimit", "lib/ratelimit.c", Deviation = "Intervals are nanoseconds, not ticks.")]
internal sealed class RateLimit
{
    /// <summary>DEFAULT_RATELIMIT_INTERVAL, 5 seconds.</summary>
    public const long DefaultIntervalNs = 5_000_000_000;

    /// <summary>DEFAULT_RATELIMIT_BURST.</summary>
    public const int DefaultBurst = 10;

    private readonly Machine _machine;
    private readonly string _function;
    private readonly long _intervalNs;
    private readonly int _burst;
    private long _beginNs = -1;
    private int _passed;
    private int _missed;

    /// <param name="machine">Whose time and log.</param>
    /// <param name="function">The function that the message about held-back messages names.</param>
    /// <param name="intervalNs">Length of an interval.</param>
    /// <param name="burst">Messages per interval.</param>
    public RateLimit(Machine machine, string function, long intervalNs = DefaultIntervalNs, int burst = DefaultBurst)
    {
        _machine = machine;
        _function = function;
        _intervalNs = intervalNs;
        _burst = burst;
    }

    /// <summary>True when a message may be printed now; false = it is counted as held back.</summary>
    public bool Passes()
    {
        long now = _machine.TimeNs;
        if (_beginNs < 0)
        {
            _beginNs = now;
        }
        if (now - _beginNs > _intervalNs)
        {
            TellMissed();
            (_beginNs, _passed, _missed) = (now, 0, 0);
        }
        if (_passed < _burst)
        {
            _passed++;
            return true;
        }
        _missed++;
        return false;
    }

    private void TellMissed()
    {
        if (_missed > 0)
        {
            _machine.Log.Write(PrintkLevel.Warning, string.Create(CultureInfo.InvariantCulture, $"{_function}: {_missed} callbacks suppressed"));
        }
    }
}
