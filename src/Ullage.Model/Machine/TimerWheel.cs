using Ullage.Abi;

namespace Ullage.Model;

/// <summary>
/// When a timer of so many ticks runs out. The wheel sorts timers into buckets that get coarser with the distance, and a bucket is served at its
/// end: up to 62 ticks a timer is one tick late, from 63 ticks on up to 8, from 504 on up to 64. At HZ 250 a sleep of one second takes 1.004 to 1.032 s.
/// </summary>
[Kernel("calc_wheel_index", "kernel/time/timer.c")]
internal static class TimerWheel
{
    private const int Buckets = 64; // LVL_SIZE
    private const int LevelShift = 3; // LVL_CLK_SHIFT
    private const int Levels = 8;
    private const long NsPerSecond = 1_000_000_000;

    /// <summary>The tick at which a timer of <paramref name="ticks"/>, set at <paramref name="now"/>, runs out.</summary>
    internal static long ExpiryTick(long now, long ticks)
    {
        int level = 0;
        while (level < Levels && ticks >= (long)(Buckets - 1) << (LevelShift * level))
        {
            level++;
        }
        int shift = LevelShift * level;
        return (((now + ticks) >> shift) + 1) << shift;
    }

    /// <summary>How long schedule_timeout sleeps from a time on, in nanoseconds.</summary>
    internal static long SleepNs(long nowNs, long ticks, int hz)
    {
        long tickNs = NsPerSecond / hz;
        return (ExpiryTick(nowNs / tickNs, ticks) * tickNs) - nowNs;
    }
}
