using Ullage.Abi;

namespace Ullage.Model.Pressure;

/// <summary>
/// The averages of one group (§6.4): once a period, each state's share of the period, cut to a whole percent, goes into three
/// exponential averages in the kernel's fixed point. So a stall below 1 % of a period never shows, however long it goes on.
/// </summary>
[Kernel("update_averages", "kernel/sched/psi.c")]
public sealed class PsiAverages
{
    private const int Shift = 11; // FSHIFT
    private const long One = 1 << Shift; // FIXED_1

    private readonly ulong[] _seen = new ulong[PsiState.NonIdle];
    private readonly long[] _avg = new long[PsiState.NonIdle * 3];
    private long _lastUpdateNs;

    /// <summary>Averages of zero.</summary>
    /// <param name="nowNs">When the first period begins.</param>
    /// <param name="periodNs">The length of a period, <see cref="PeriodNs"/>.</param>
    public PsiAverages(long nowNs, long periodNs)
    {
        Period = periodNs;
        _lastUpdateNs = nowNs;
        NextUpdateNs = nowNs + periodNs;
    }

    /// <summary>Nanoseconds of a period.</summary>
    public long Period { get; }

    /// <summary>When the period ends; updates before are none.</summary>
    public long NextUpdateNs { get; private set; }

    /// <summary>Two seconds and one tick, in nanoseconds (PSI_FREQ).</summary>
    public static long PeriodNs(int hz) => ((2L * hz) + 1) * (1_000_000_000L / hz);

    /// <summary>An average in the kernel's fixed point: 2048 is one percent.</summary>
    /// <param name="state">A <see cref="PsiState"/> but NonIdle.</param>
    /// <param name="window">0 = 10 s, 1 = 60 s, 2 = 300 s.</param>
    public long Raw(int state, int window) => _avg[(state * 3) + window];

    /// <summary>An average as it is printed, in hundredths of a percent.</summary>
    public int Shown(int state, int window) => ShownOf(Raw(state, window));

    /// <summary>A fixed-point average as it is printed, in hundredths of a percent.</summary>
    public static int ShownOf(long raw) => (int)(((raw >> Shift) * 100) + (((raw & (One - 1)) * 100) >> Shift));

    /// <summary>Ends a period.</summary>
    /// <param name="nowNs">Now, not before <see cref="NextUpdateNs"/>.</param>
    /// <param name="totals">Stall time of each state since the group's beginning, in nanoseconds.</param>
    public void Update(long nowNs, ReadOnlySpan<ulong> totals)
    {
        long missed = nowNs - NextUpdateNs >= Period ? (nowNs - NextUpdateNs) / Period : 0;
        NextUpdateNs += (1 + missed) * Period;
        ulong length = (ulong)(nowNs - (_lastUpdateNs + (missed * Period)));
        _lastUpdateNs = nowNs;
        for (int state = 0; state < PsiState.NonIdle; state++)
        {
            ulong sample = Math.Min(totals[state] - _seen[state], length);
            _seen[state] += sample; // what exceeds the period counts in the next ones
            Step(state, missed, (long)(length == 0 ? 0 : sample * 100 / length));
        }
    }

    [Kernel("calc_avgs", "kernel/sched/psi.c")]
    private void Step(int state, long missed, long percent)
    {
        for (int window = 0; window < 3; window++)
        {
            ref long avg = ref _avg[(state * 3) + window];
            if (missed > 0)
            {
                avg = CalcLoad(avg, FixedPower(Decay(window), missed), 0);
            }
            avg = CalcLoad(avg, Decay(window), percent * One);
        }
    }

    /// <summary>EXP_10s, EXP_60s, EXP_300s.</summary>
    public static long Decay(int window) => window switch { 0 => 1677, 1 => 1981, _ => 2034 };

    /// <summary>One step of an average towards <paramref name="active"/>, both in fixed point.</summary>
    [Kernel("calc_load", "include/linux/sched/loadavg.h")]
    public static long CalcLoad(long load, long decay, long active)
    {
        long sum = (load * decay) + (active * (One - decay));
        return (active >= load ? sum + One - 1 : sum) >> Shift;
    }

    [Kernel("fixed_power_int", "kernel/sched/loadavg.c")]
    private static long FixedPower(long x, long n)
    {
        long result = One;
        for (; n > 0; n >>= 1)
        {
            if ((n & 1) != 0)
            {
                result = ((result * x) + (One / 2)) >> Shift;
            }
            x = ((x * x) + (One / 2)) >> Shift;
        }
        return result;
    }
}
