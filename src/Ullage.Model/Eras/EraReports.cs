namespace Ullage.Model.Eras;

/// <summary>Text of OOM reports per era (§8.6). Banners are those of the builds whose reports were measured; 4.1, 4.19 and 5.3 were not.</summary>
internal static class EraReports
{
    internal static readonly OomReportRules V4_1 = new()
    {
        Nodemask = false, CpusetLine = true, CpuLineHasUid = false, TaskMarks = false, VictimSentence = true, SwapLineOnV2 = false,
        Stat = OomStatStyle.LinePerCgroup,
        StatNames =
        [
            "cache", "rss", "rss_huge", "mapped_file", "writeback", "swap", // §11.4
            "inactive_anon", "active_anon", "inactive_file", "active_file", "unevictable",
        ],
        V1StatOnV1 = false, Columns = OomTaskColumns.TableCounts, FailcntFromEvents = false,
        ScoreLine = true, Killed = OomKilledLine.TwoRssParts, ExitingVictimLine = false,
        NobodyInMemcgLine = false, NobodyPanic = "Out of memory and no killable processes...", // §8.2 step 8
        Gfp = new() { Zero = 0x8000, HardWall = 0x20000, Compound = 0, ZeroFirst = false, RetryMayFail = 0x400, NoFail = 0x800 },
        Stacks = EraOomStacks.V4_1,
        Banner = "4.1.3 #1",
    };

    internal static readonly OomReportRules V4_15 = V4_1 with
    {
        Nodemask = true,
        StatNames =
        [
            "cache", "rss", "rss_huge", "shmem", "mapped_file", "dirty", "writeback", "swap",
            "inactive_anon", "active_anon", "inactive_file", "active_file", "unevictable",
        ],
        Columns = OomTaskColumns.TableBytes, Killed = OomKilledLine.ThreeRssParts,
        Stacks = EraOomStacks.V4_15,
        Banner = "4.15.0-20-generic #21-Ubuntu",
    };

    internal static readonly OomReportRules V4_19 = V4_15 with
    {
        // The wider table and the line above it are older than the rest of today's report: seen in a published 4.19 log, not measured.
        Columns = OomTaskColumns.WidePid,
        NobodyInMemcgLine = true, NobodyPanic = "System is deadlocked on memory",
        Stacks = EraOomStacks.V4_19,
        Banner = "4.19.0 #1",
    };

    internal static readonly OomReportRules V5_3 = V4_19 with
    {
        // Not measured; that user and page tables joined the kill line only in 5.4 is assumed.
        Nodemask = false, CpusetLine = false, VictimSentence = false, SwapLineOnV2 = true,
        Stat = OomStatStyle.OneRecord, StatNames = [],
        ScoreLine = false, Killed = OomKilledLine.WithCause,
        Gfp = new() { Zero = 0x100, HardWall = 0x100000, Compound = 0, ZeroFirst = false, RetryMayFail = 0x4000, NoFail = 0x8000 },
        Stacks = EraOomStacks.V5_3,
        Banner = "5.3.1 #1",
    };

    internal static readonly OomReportRules V5_4 = V5_3 with
    {
        // 5.4.1 printed the bytes of page tables under a kB label; the measured 5.4 build prints kB, and it wins (§8.6).
        Killed = OomKilledLine.WithOwner,
        Stacks = EraOomStacks.V5_4,
        Banner = "5.4.0-26-generic #30-Ubuntu",
    };

    internal static readonly OomReportRules V5_10 = V5_4 with
    {
        ExitingVictimLine = true,
        Stacks = EraOomStacks.V5_10,
        Banner = "5.10.0-32-cloud-amd64 #1 Debian 5.10.223-1",
    };

    internal static readonly OomReportRules V6_1 = V5_10 with
    {
        Gfp = V5_10.Gfp with { Compound = 0x40000 },
        TaskMarks = true,
        Stacks = EraOomStacks.V6_1,
        Banner = "6.1.0-54-cloud-amd64 #1  Debian 6.1.190-1", // two blanks: the empty preemption model is between them
    };

    internal static readonly OomReportRules V6_12 = V6_1 with
    {
        CpuLineHasUid = true,
        Stat = OomStatStyle.RecordPerLine, V1StatOnV1 = true,
        Columns = OomTaskColumns.RssParts,
        Stacks = EraOomStacks.V6_12,
        Banner = "6.12.94+deb13-cloud-amd64 #1  Debian 6.12.94-1",
    };

    internal static readonly OomReportRules V6_18 = V6_12 with
    {
        Gfp = V6_12.Gfp with { ZeroFirst = true },
        FailcntFromEvents = true,
        Stacks = EraOomStacks.V6_18,
        Banner = "6.18.44 #1 PREEMPT(none) ", // the blank at the end is printed
    };
}
