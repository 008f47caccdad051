using Ullage.Observe.Fields;
using Ullage.Observe.Readings;
using Ullage.Observe.Sampling;

namespace Ullage.Cli.Pressure;

/// <summary>Stalls of the machine or of a cgroup in one interval, and the counters that tell what kind they are. Null = unavailable.</summary>
internal sealed record StallLine
{
    private const double MicrosecondsPerPercentSecond = 10_000;

    /// <summary>The cgroup's path; null for the machine.</summary>
    public string? Cgroup { get; init; }
    /// <summary>Part of the interval in which at least one task waited for memory, in percent.</summary>
    public double? SomePercent { get; init; }
    /// <summary>Part of the interval in which all tasks waited, in percent.</summary>
    public double? FullPercent { get; init; }
    /// <summary>The kernel's average over 10 s, in percent.</summary>
    public double? SomeAvg10 { get; init; }
    public double? FullAvg10 { get; init; }
    /// <summary>Name and events per second, in the order of the columns; then those that have no column.</summary>
    public IReadOnlyList<(string Name, double? PerSecond)> Rates { get; init; } = [];
    /// <summary>What the stalls came from, the most telling first; empty when nothing of the kind happened.</summary>
    public IReadOnlyList<string> Causes { get; init; } = [];

    public static StallLine OfMachine(Reading reading) => new()
    {
        SomePercent = Part(reading.HostChange(HostFields.MemorySomeTotal), reading.Seconds),
        FullPercent = Part(reading.HostChange(HostFields.MemoryFullTotal), reading.Seconds),
        SomeAvg10 = reading.Now.HostValue(HostFields.MemorySomeAvg10) / 100.0,
        FullAvg10 = reading.Now.HostValue(HostFields.MemoryFullAvg10) / 100.0,
        Rates =
        [
            ("direct", reading.HostRate(HostFields.PgscanDirect)), ("kswapd", reading.HostRate(HostFields.PgscanKswapd)),
            ("refault", Both(reading.HostRate(HostFields.WorkingsetRefaultFile), reading.HostRate(HostFields.WorkingsetRefaultAnon))),
            ("majflt", reading.HostRate(HostFields.Pgmajfault)), ("swapin", reading.HostRate(HostFields.Pswpin)),
            ("allocstall", reading.HostRate(HostFields.Allocstall)), ("compact_stall", reading.HostRate(HostFields.CompactStall)),
        ],
        Causes = MachineCauses(reading),
    };

    public static StallLine OfCgroup(Reading reading, int row) => new()
    {
        Cgroup = reading.Now[row].Path,
        SomePercent = Part(reading.Change(CgroupFields.PressureSomeTotal, row), reading.Seconds),
        FullPercent = Part(reading.Change(CgroupFields.PressureFullTotal, row), reading.Seconds),
        SomeAvg10 = reading.Now.Value(CgroupFields.PressureSomeAvg10, row) / 100.0,
        FullAvg10 = reading.Now.Value(CgroupFields.PressureFullAvg10, row) / 100.0,
        Rates =
        [
            ("direct", reading.Rate(CgroupFields.PgscanDirect, row) ?? reading.Rate(CgroupFields.Pgscan, row)),
            ("kswapd", reading.Rate(CgroupFields.PgscanKswapd, row)),
            ("refault", Both(reading.Rate(CgroupFields.RefaultFile, row), reading.Rate(CgroupFields.RefaultAnon, row))),
            ("majflt", reading.Rate(CgroupFields.Pgmajfault, row)), ("swapin", reading.Rate(CgroupFields.RefaultAnon, row)),
            ("limit_hits", reading.Rate(LimitHits(reading.Now), row)), ("high_events", reading.Rate(CgroupFields.EventsHigh, row)),
        ],
        Causes = CgroupCauses(reading, row),
    };

    private static Field LimitHits(Sample sample) => sample.Version == 1 ? CgroupFields.Failcnt : CgroupFields.EventsMax;

    private static List<string> MachineCauses(Reading reading)
    {
        List<string> causes = [];
        AddIf(causes, reading.HostChange(HostFields.Allocstall) > 0, "short");
        AddMost(causes, reading, LimitHits(reading.Now), "limit");
        AddMost(causes, reading, CgroupFields.EventsHigh, "high");
        AddIf(causes, !causes.Exists(cause => cause.StartsWith("high", StringComparison.Ordinal)) && Enumerable.Range(0, reading.Now.Count).Any(row => AtHigh(reading, row)), "high");
        bool thrash = reading.HostChange(HostFields.WorkingsetActivateFile) > 0 || reading.HostChange(HostFields.WorkingsetRefaultFile) > 0;
        AddIf(causes, thrash, "thrash");
        AddIf(causes, reading.HostChange(HostFields.Pswpin) > 0, "swap-in");
        AddIf(causes, reading.HostChange(HostFields.CompactStall) > 0, "compact");
        return causes;
    }

    private static List<string> CgroupCauses(Reading reading, int row)
    {
        List<string> causes = [];
        AddIf(causes, reading.Change(LimitHits(reading.Now), row) > 0, "limit");
        AddIf(causes, AtHigh(reading, row), "high");
        // The limit that is met may be an ancestor's; v2's count what is below them, too.
        for (int level = reading.Now.ParentOf(row); level >= 0; level = reading.Now.ParentOf(level))
        {
            long below = reading.Now.Version == 2 ? reading.Change(CgroupFields.EventsMax, row) ?? 0 : 0;
            AddIf(causes, reading.Change(LimitHits(reading.Now), level) > below, $"limit of {reading.Now[level].Path}");
            AddIf(causes, reading.Now.Value(CgroupFields.Usage, level) > reading.Now.Value(CgroupFields.High, level), $"high of {reading.Now[level].Path}");
        }
        AddIf(causes, reading.Change(CgroupFields.RefaultFile, row) > 0, "thrash");
        AddIf(causes, reading.Change(CgroupFields.RefaultAnon, row) > 0, "swap-in");
        AddIf(causes, reading.HostChange(HostFields.Allocstall) > 0, "short");
        AddIf(causes, reading.HostChange(HostFields.CompactStall) > 0, "compact");
        return causes;
    }

    /// <summary>A sleep for memory.high may outlast the interval: then nothing is counted, but usage is still above.</summary>
    private static bool AtHigh(Reading reading, int row) => reading.Change(CgroupFields.EventsHigh, row) > 0
        || reading.Now.Value(CgroupFields.Usage, row) > reading.Now.Value(CgroupFields.High, row);

    /// <summary>Names the cgroup that counted most; of equals the deepest, because v2's parents count what their children do.</summary>
    private static void AddMost(List<string> causes, Reading reading, Field events, string word)
    {
        long most = 0;
        int where = -1;
        for (int row = 0; row < reading.Now.Count; row++)
        {
            if (reading.Change(events, row) is long change and > 0 && change >= most)
            {
                most = change;
                where = row;
            }
        }
        AddIf(causes, where >= 0, where >= 0 ? $"{word} {reading.Now[where].Path}" : word);
    }

    private static void AddIf(List<string> causes, bool holds, string cause)
    {
        if (holds)
        {
            causes.Add(cause);
        }
    }

    private static double? Part(long? microseconds, double seconds) => microseconds / (seconds * MicrosecondsPerPercentSecond);

    private static double? Both(double? one, double? other) => one is null && other is null ? null : (one ?? 0) + (other ?? 0);
}
