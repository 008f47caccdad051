namespace Ullage.Model.Eras;

/// <summary>Parameters of /proc.</summary>
public sealed record ProcRules
{
    /// <summary>Lines of /proc/meminfo, in order.</summary>
    public required IReadOnlyList<string> MeminfoFields { get; init; }
    /// <summary>Lines of /proc/vmstat, in order.</summary>
    public required IReadOnlyList<string> VmstatFields { get; init; }
    /// <summary>RssAnon, RssFile and RssShmem in status (4.5+).</summary>
    public required bool StatusHasRssParts { get; init; }
    /// <summary>VmPMD in status (to 4.14).</summary>
    public required bool StatusHasVmPmd { get; init; }
    /// <summary>Umask in status (4.7+).</summary>
    public required bool StatusHasUmask { get; init; }
    /// <summary>Controllers of /proc/cgroups in the order of their ids.</summary>
    public required IReadOnlyList<string> Controllers { get; init; }
    /// <summary>VmallocUsed is counted; false = a constant zero (to 5.2).</summary>
    public required bool CountsVmalloc { get; init; }
    /// <summary>/proc/sys/fs/dentry-state counts negative dentries (5.0+); false = the fifth number is 0.</summary>
    public required bool CountsNegativeDentries { get; init; }
    /// <summary>Levels of page tables that count as PageTables: 1 = the lowest only.</summary>
    public required int PageTableLevels { get; init; }
    /// <summary>Lines of a zone in /proc/zoneinfo between its free pages and its protection.</summary>
    public required IReadOnlyList<string> ZoneinfoMarks { get; init; }
    /// <summary>/proc/swaps has two tabs before each number.</summary>
    public required bool WideSwapColumns { get; init; }
}
