namespace Ullage.Model.Eras;

/// <summary>How the report shows a memory cgroup's statistics (§8.6).</summary>
public enum OomStatStyle
{
    /// <summary>One record per cgroup of the subtree, in kB, its own share only (to 4.19).</summary>
    LinePerCgroup,
    /// <summary>memory.stat of the limited cgroup in one record with newlines in it (5.0 to 6.11).</summary>
    OneRecord,
    /// <summary>memory.stat of the limited cgroup, a record per line (6.12+).</summary>
    RecordPerLine,
}

/// <summary>Columns of the task table (§8.6).</summary>
public enum OomTaskColumns
{
    /// <summary>nr_ptes and nr_pmds (4.1).</summary>
    TableCounts,
    /// <summary>pgtables_bytes (4.15).</summary>
    TableBytes,
    /// <summary>pgtables_bytes, wider process ids, a line above that names the unit (4.19+).</summary>
    WidePid,
    /// <summary>As before, and rss in its parts (6.8+).</summary>
    RssParts,
}

/// <summary>The line of one kill (§8.6).</summary>
public enum OomKilledLine
{
    /// <summary>Without shmem-rss (4.1).</summary>
    TwoRssParts,
    /// <summary>With shmem-rss (4.4 to 4.20).</summary>
    ThreeRssParts,
    /// <summary>Begins with the cause (5.0+).</summary>
    WithCause,
    /// <summary>Ends with user, page tables and oom_score_adj (5.4+).</summary>
    WithOwner,
}

/// <summary>gfp flags that a report can meet beside GFP_KERNEL and __GFP_ACCOUNT.</summary>
public sealed record GfpFlagValues
{
    /// <summary>__GFP_ZERO.</summary>
    public required uint Zero { get; init; }
    /// <summary>__GFP_HARDWALL.</summary>
    public required uint HardWall { get; init; }
    /// <summary>__GFP_COMP, which pages of user space have since they are folios; 0 = they have not (to 5.17).</summary>
    public required uint Compound { get; init; }
    /// <summary>__GFP_ZERO is printed before __GFP_COMP (6.18).</summary>
    public required bool ZeroFirst { get; init; }
    /// <summary>__GFP_RETRY_MAYFAIL; __GFP_REPEAT in 4.1.</summary>
    public required uint RetryMayFail { get; init; }
    /// <summary>__GFP_NOFAIL.</summary>
    public required uint NoFail { get; init; }
}

/// <summary>
/// Frames of a report's call trace, innermost first. Which static functions the compiler folded into their callers, and
/// which got suffixes such as <c>.cold</c>, belongs to one build of the kernel, not to the release.
/// </summary>
public sealed record OomStacks
{
    /// <summary>What prints.</summary>
    public required IReadOnlyList<string> Dump { get; init; }
    /// <summary>Between printing and choosing, when somebody was chosen.</summary>
    public required IReadOnlyList<string> Kill { get; init; }
    /// <summary>From the choice to the charge.</summary>
    public required IReadOnlyList<string> Memcg { get; init; }
    /// <summary>Callers of the charge: an anonymous page under a page fault.</summary>
    public required IReadOnlyList<string> AnonFault { get; init; }
    /// <summary>Callers of the charge: a page table under a page fault.</summary>
    public required IReadOnlyList<string> TableFault { get; init; }
    /// <summary>Callers of the charge: a mapping's own object, in mmap.</summary>
    public required IReadOnlyList<string> MmapCall { get; init; }
    /// <summary>Callers of the charge: a kernel stack, in fork.</summary>
    public required IReadOnlyList<string> ForkCall { get; init; }
    /// <summary>From the choice to the page allocator, no memory cgroup involved.</summary>
    public required IReadOnlyList<string> Global { get; init; }
    /// <summary>Callers of the page allocator: an anonymous page under a page fault.</summary>
    public required IReadOnlyList<string> GlobalFault { get; init; }
    /// <summary>Callers of the page allocator: a page table under a page fault.</summary>
    public required IReadOnlyList<string> GlobalTableFault { get; init; }
    /// <summary>Callers of the page allocator: fork.</summary>
    public required IReadOnlyList<string> GlobalCall { get; init; }
}

/// <summary>Text of the OOM report (§8.6).</summary>
public sealed record OomReportRules
{
    /// <summary>The first line shows <c>nodemask=(null)</c> (4.7 to 4.20).</summary>
    public required bool Nodemask { get; init; }
    /// <summary>The second line names the caller's cpuset (to 4.20).</summary>
    public required bool CpusetLine { get; init; }
    /// <summary><c>CPU: 1 PID: …</c> is <c>CPU: 1 UID: n PID: …</c> (6.12+).</summary>
    public required bool CpuLineHasUid { get; init; }
    /// <summary>The trace stands between &lt;TASK&gt; marks (5.18+).</summary>
    public required bool TaskMarks { get; init; }
    /// <summary>A sentence names victim and limit (to 4.20); false = the oom-kill summary does.</summary>
    public required bool VictimSentence { get; init; }
    /// <summary>On v2 the counters are memory and swap (5.0+); false = v1's on both.</summary>
    public required bool SwapLineOnV2 { get; init; }
    /// <summary>The statistics.</summary>
    public required OomStatStyle Stat { get; init; }
    /// <summary>Names of <see cref="OomStatStyle.LinePerCgroup"/> statistics, in order; empty for the other styles.</summary>
    public required IReadOnlyList<string> StatNames { get; init; }
    /// <summary>On v1 the report shows v1's statistics (6.12+); false = v2's.</summary>
    public required bool V1StatOnV1 { get; init; }
    /// <summary>The task table.</summary>
    public required OomTaskColumns Columns { get; init; }
    /// <summary>On v2 failcnt is the count of the max event (6.18).</summary>
    public required bool FailcntFromEvents { get; init; }
    /// <summary>The line <c>Kill process … score … or sacrifice child</c> stands before the kill (to 4.20).</summary>
    public required bool ScoreLine { get; init; }
    /// <summary>The line of one kill.</summary>
    public required OomKilledLine Killed { get; init; }
    /// <summary>A victim that has left its memory is reported as such (5.9+); false = in silence.</summary>
    public required bool ExitingVictimLine { get; init; }
    /// <summary>A memory cgroup without a killable process is reported (4.19+); false = in silence.</summary>
    public required bool NobodyInMemcgLine { get; init; }
    /// <summary>What the panic says when the whole machine has no killable process.</summary>
    public required string NobodyPanic { get; init; }
    /// <summary>Values of gfp flags.</summary>
    public required GfpFlagValues Gfp { get; init; }
    /// <summary>Call traces.</summary>
    public required OomStacks Stacks { get; init; }
    /// <summary>What follows <c>Not tainted</c>, as the measured build prints it.</summary>
    public required string Banner { get; init; }
}
