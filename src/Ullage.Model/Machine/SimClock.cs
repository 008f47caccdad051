namespace Ullage.Model;

/// <summary>The machine's time. It moves because the scheduler says so, and never backwards.</summary>
public sealed class SimClock
{
    /// <summary>Nanoseconds since boot.</summary>
    public long NowNs { get; private set; }

    internal void AdvanceTo(long ns)
    {
        Invariant.Holds(ns >= NowNs);
        NowNs = ns;
    }
}
