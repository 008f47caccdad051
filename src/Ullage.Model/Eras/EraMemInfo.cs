namespace Ullage.Model.Eras;

/// <summary>
/// Mem-Info of the system-wide OOM report per era: the words and their order, with counters in braces. Written from published
/// logs of kernels of these ages, not from measured reports: 4.19 and 5.3 are taken to be like 4.15 and 5.4.
/// </summary>
internal static class EraMemInfo
{
    private const string Lists = "active_anon:{active_anon} inactive_anon:{inactive_anon} isolated_anon:{zero}\n active_file:{active_file} inactive_file:{inactive_file} isolated_file:{zero}\n";

    private const string Slab = " slab_reclaimable:{slab_reclaimable} slab_unreclaimable:{slab}\n";

    private const string Free = " free:{free} free_pcp:{zero} free_cma:{zero}";

    private const string NodeLists =
        "active_anon:{active_anon}kB inactive_anon:{inactive_anon}kB active_file:{active_file}kB inactive_file:{inactive_file}kB unevictable:{unevictable}kB isolated(anon):{zero}kB isolated(file):{zero}kB ";

    private const string ZoneLists = "active_anon:{active_anon}kB inactive_anon:{inactive_anon}kB active_file:{active_file}kB inactive_file:{inactive_file}kB unevictable:{unevictable}kB ";

    private const string Marks = "min:{min}kB low:{low}kB high:{high}kB ";

    private const string Size = "present:{present}kB managed:{managed}kB mlocked:{mlocked}kB ";

    private static string[] Lines(string text) => text.Split('\n');

    private static string[] Words(string line) => line.Split(' ');

    internal static readonly MemInfoRules V4_1 = new()
    {
        Totals = Lines(Lists + " unevictable:{unevictable} dirty:{dirty} writeback:{writeback} unstable:{zero}\n" + Slab + " mapped:{mapped} shmem:{shmem} pagetables:{pagetables} bounce:{zero}\n" + Free),
        Node = [],
        Zone = Words("{zone} free:{free}kB " + Marks + ZoneLists + "isolated(anon):{zero}kB isolated(file):{zero}kB " + Size +
            "dirty:{dirty}kB writeback:{writeback}kB mapped:{mapped}kB shmem:{shmem}kB slab_reclaimable:{slab_reclaimable}kB slab_unreclaimable:{slab}kB kernel_stack:{stack}kB pagetables:{pagetables}kB " +
            "unstable:{zero}kB bounce:{zero}kB free_pcp:{zero}kB local_pcp:{zero}kB free_cma:{zero}kB writeback_tmp:{zero}kB pages_scanned:{zero} all_unreclaimable? {hopeless}"),
        HugePages = [2048],
        SwapCacheStats = true,
    };

    internal static readonly MemInfoRules V4_15 = V4_1 with
    {
        Node = Words(NodeLists + "mapped:{mapped}kB dirty:{dirty}kB writeback:{writeback}kB shmem:{shmem}kB shmem_thp: {zero}kB shmem_pmdmapped: {zero}kB anon_thp: {zero}kB " +
            "writeback_tmp:{zero}kB unstable:{zero}kB all_unreclaimable? {hopeless}"),
        Zone = Words("{zone} free:{free}kB " + Marks + ZoneLists + "writepending:{writepending}kB " + Size +
            "kernel_stack:{stack}kB pagetables:{pagetables}kB bounce:{zero}kB free_pcp:{zero}kB local_pcp:{zero}kB free_cma:{zero}kB"),
        HugePages = [1048576, 2048],
    };

    internal static readonly MemInfoRules V5_10 = V4_15 with
    {
        Totals = Lines(Lists + " unevictable:{unevictable} dirty:{dirty} writeback:{writeback}\n" + Slab + " mapped:{mapped} shmem:{shmem} pagetables:{pagetables} bounce:{zero}\n" + Free),
        Node = Words(NodeLists + "mapped:{mapped}kB dirty:{dirty}kB writeback:{writeback}kB shmem:{shmem}kB shmem_thp: {zero}kB shmem_pmdmapped: {zero}kB anon_thp: {zero}kB " +
            "writeback_tmp:{zero}kB kernel_stack:{stack}kB all_unreclaimable? {hopeless}"),
        Zone = Words("{zone} free:{free}kB " + Marks + "reserved_highatomic:{zero}KB " + ZoneLists + "writepending:{writepending}kB " + Size +
            "pagetables:{pagetables}kB bounce:{zero}kB free_pcp:{zero}kB local_pcp:{zero}kB free_cma:{zero}kB"),
    };

    internal static readonly MemInfoRules V6_1 = V5_10 with
    {
        Totals = Lines(Lists + " unevictable:{unevictable} dirty:{dirty} writeback:{writeback}\n" + Slab +
            " mapped:{mapped} shmem:{shmem} pagetables:{pagetables}\n sec_pagetables:{zero} bounce:{zero}\n kernel_misc_reclaimable:{zero}\n" + Free),
        Node = Words(NodeLists + "mapped:{mapped}kB dirty:{dirty}kB writeback:{writeback}kB shmem:{shmem}kB shmem_thp: {zero}kB shmem_pmdmapped: {zero}kB anon_thp: {zero}kB " +
            "writeback_tmp:{zero}kB kernel_stack:{stack}kB pagetables:{pagetables}kB sec_pagetables:{zero}kB all_unreclaimable? {hopeless}"),
        Zone = Words("{zone} free:{free}kB boost:{zero}kB " + Marks + "reserved_highatomic:{zero}KB " + ZoneLists + "writepending:{writepending}kB " + Size +
            "bounce:{zero}kB free_pcp:{zero}kB local_pcp:{zero}kB free_cma:{zero}kB"),
        SwapCacheStats = false,
    };

    internal static readonly MemInfoRules V6_12 = V6_1 with
    {
        Node = Words(NodeLists + "mapped:{mapped}kB dirty:{dirty}kB writeback:{writeback}kB shmem:{shmem}kB shmem_thp:{zero}kB shmem_pmdmapped:{zero}kB anon_thp:{zero}kB " +
            "writeback_tmp:{zero}kB kernel_stack:{stack}kB pagetables:{pagetables}kB sec_pagetables:{zero}kB all_unreclaimable? {hopeless}"),
    };

    internal static readonly MemInfoRules V6_18 = V6_12 with
    {
        Node = Words(NodeLists + "mapped:{mapped}kB dirty:{dirty}kB writeback:{writeback}kB shmem:{shmem}kB shmem_thp:{zero}kB shmem_pmdmapped:{zero}kB anon_thp:{zero}kB " +
            "kernel_stack:{stack}kB pagetables:{pagetables}kB sec_pagetables:{zero}kB all_unreclaimable? {hopeless} Balloon:{zero}kB"),
        Zone = Words("{zone} free:{free}kB boost:{zero}kB " + Marks + "reserved_highatomic:{zero}KB free_highatomic:{zero}KB " + ZoneLists + "writepending:{writepending}kB " + Size +
            "bounce:{zero}kB free_pcp:{zero}kB local_pcp:{zero}kB free_cma:{zero}kB"),
    };
}
