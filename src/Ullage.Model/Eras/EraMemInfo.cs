namespace Ullage.Model.Eras;

/// <summary>
/// Mem-Info of the system-wide OOM report per era: the words and their order, with counters in braces. Written from published
/// logs of kernels of these ages, not from measured reports: 4.19 and 5.3 are taken to be like 4.15 and 5.4.
/// </summary>
internal static class EraMemInfo
{
    private const string Lists = "active_anon:{active_anon} inactive_anon:{inactive_anon} isolated_anon:{zero}\n active_file:{zero} inactive_file:{zero} isolated_file:{zero}\n";

    private const string Slab = " slab_reclaimable:{zero} slab_unreclaimable:{slab}\n";

    private const string Free = " free:{free} free_pcp:{zero} free_cma:{zero}";

    private const string NodeLists =
        "active_anon:{active_anon}kB inactive_anon:{inactive_anon}kB active_file:{zero}kB inactive_file:{zero}kB unevictable:{zero}kB isolated(anon):{zero}kB isolated(file):{zero}kB ";

    private const string ZoneLists = "active_anon:{active_anon}kB inactive_anon:{inactive_anon}kB active_file:{zero}kB inactive_file:{zero}kB unevictable:{zero}kB ";

    private const string Marks = "min:{min}kB low:{low}kB high:{high}kB ";

    private const string Size = "present:{present}kB managed:{managed}kB mlocked:{zero}kB ";

    internal static readonly MemInfoRules V4_1 = new()
    {
        Totals = Lists + " unevictable:{zero} dirty:{zero} writeback:{zero} unstable:{zero}\n" + Slab + " mapped:{mapped} shmem:{zero} pagetables:{pagetables} bounce:{zero}\n" + Free,
        Node = null,
        Zone = "{zone} free:{free}kB " + Marks + ZoneLists + "isolated(anon):{zero}kB isolated(file):{zero}kB " + Size +
            "dirty:{zero}kB writeback:{zero}kB mapped:{mapped}kB shmem:{zero}kB slab_reclaimable:{zero}kB slab_unreclaimable:{slab}kB kernel_stack:{stack}kB pagetables:{pagetables}kB " +
            "unstable:{zero}kB bounce:{zero}kB free_pcp:{zero}kB local_pcp:{zero}kB free_cma:{zero}kB writeback_tmp:{zero}kB pages_scanned:{zero} all_unreclaimable? {hopeless}",
        HugePages = [2048],
        SwapCacheStats = true,
    };

    internal static readonly MemInfoRules V4_15 = V4_1 with
    {
        Node = NodeLists + "mapped:{mapped}kB dirty:{zero}kB writeback:{zero}kB shmem:{zero}kB shmem_thp: {zero}kB shmem_pmdmapped: {zero}kB anon_thp: {zero}kB " +
            "writeback_tmp:{zero}kB unstable:{zero}kB all_unreclaimable? {hopeless}",
        Zone = "{zone} free:{free}kB " + Marks + ZoneLists + "writepending:{zero}kB " + Size +
            "kernel_stack:{stack}kB pagetables:{pagetables}kB bounce:{zero}kB free_pcp:{zero}kB local_pcp:{zero}kB free_cma:{zero}kB",
        HugePages = [1048576, 2048],
    };

    internal static readonly MemInfoRules V5_10 = V4_15 with
    {
        Totals = Lists + " unevictable:{zero} dirty:{zero} writeback:{zero}\n" + Slab + " mapped:{mapped} shmem:{zero} pagetables:{pagetables} bounce:{zero}\n" + Free,
        Node = NodeLists + "mapped:{mapped}kB dirty:{zero}kB writeback:{zero}kB shmem:{zero}kB shmem_thp: {zero}kB shmem_pmdmapped: {zero}kB anon_thp: {zero}kB " +
            "writeback_tmp:{zero}kB kernel_stack:{stack}kB all_unreclaimable? {hopeless}",
        Zone = "{zone} free:{free}kB " + Marks + "reserved_highatomic:{zero}KB " + ZoneLists + "writepending:{zero}kB " + Size +
            "pagetables:{pagetables}kB bounce:{zero}kB free_pcp:{zero}kB local_pcp:{zero}kB free_cma:{zero}kB",
    };

    internal static readonly MemInfoRules V6_1 = V5_10 with
    {
        Totals = Lists + " unevictable:{zero} dirty:{zero} writeback:{zero}\n" + Slab +
            " mapped:{mapped} shmem:{zero} pagetables:{pagetables}\n sec_pagetables:{zero} bounce:{zero}\n kernel_misc_reclaimable:{zero}\n" + Free,
        Node = NodeLists + "mapped:{mapped}kB dirty:{zero}kB writeback:{zero}kB shmem:{zero}kB shmem_thp: {zero}kB shmem_pmdmapped: {zero}kB anon_thp: {zero}kB " +
            "writeback_tmp:{zero}kB kernel_stack:{stack}kB pagetables:{pagetables}kB sec_pagetables:{zero}kB all_unreclaimable? {hopeless}",
        Zone = "{zone} free:{free}kB boost:{zero}kB " + Marks + "reserved_highatomic:{zero}KB " + ZoneLists + "writepending:{zero}kB " + Size +
            "bounce:{zero}kB free_pcp:{zero}kB local_pcp:{zero}kB free_cma:{zero}kB",
        SwapCacheStats = false,
    };

    internal static readonly MemInfoRules V6_12 = V6_1 with
    {
        Node = NodeLists + "mapped:{mapped}kB dirty:{zero}kB writeback:{zero}kB shmem:{zero}kB shmem_thp:{zero}kB shmem_pmdmapped:{zero}kB anon_thp:{zero}kB " +
            "writeback_tmp:{zero}kB kernel_stack:{stack}kB pagetables:{pagetables}kB sec_pagetables:{zero}kB all_unreclaimable? {hopeless}",
    };

    internal static readonly MemInfoRules V6_18 = V6_12 with
    {
        Node = NodeLists + "mapped:{mapped}kB dirty:{zero}kB writeback:{zero}kB shmem:{zero}kB shmem_thp:{zero}kB shmem_pmdmapped:{zero}kB anon_thp:{zero}kB " +
            "kernel_stack:{stack}kB pagetables:{pagetables}kB sec_pagetables:{zero}kB all_unreclaimable? {hopeless} Balloon:{zero}kB",
        Zone = "{zone} free:{free}kB boost:{zero}kB " + Marks + "reserved_highatomic:{zero}KB free_highatomic:{zero}KB " + ZoneLists + "writepending:{zero}kB " + Size +
            "bounce:{zero}kB free_pcp:{zero}kB local_pcp:{zero}kB free_cma:{zero}kB",
    };
}
