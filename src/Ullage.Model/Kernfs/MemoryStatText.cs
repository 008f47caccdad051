using System.Globalization;
using System.Text;
using Ullage.Abi;
using Ullage.Abi.Units;
using Ullage.Model.Charging;

namespace Ullage.Model.Kernfs;

/// <summary>
/// The text of memory.stat (§11.4), which the OOM report prints, too. Fields and their order are the era's; a field whose
/// mechanism this machine does not have is a true zero.
/// </summary>
internal static class MemoryStatText
{
    /// <summary>v1: own counts, the limits of the hierarchy, and the counts of the subtree as <c>total_</c>.</summary>
    [Kernel("memcg_stat_show", "mm/memcontrol-v1.c")]
    public static string V1(Machine machine, MemCgroup memcg)
    {
        memcg.PrepareStatRead();
        StringBuilder text = new();
        StatReader reader = new(machine, memcg);
        V1Counts(machine, text, "", item => reader.Local(item));
        Line(text, "hierarchical_memory_limit", HierarchicalLimit(memcg, memsw: false));
        if (machine.Options.SwapAccounting)
        {
            Line(text, "hierarchical_memsw_limit", HierarchicalLimit(memcg, memsw: true));
        }
        V1Counts(machine, text, "total_", item => reader.Recursive(item));
        return text.ToString();
    }

    private static void V1Counts(Machine machine, StringBuilder text, string prefix, Func<MemcgStat, long> count)
    {
        foreach (string field in machine.Era.Cgroups.V1StatFields)
        {
            if (field != "swap" || machine.Options.SwapAccounting)
            {
                Line(text, prefix + field, V1Value(field, count));
            }
        }
        Line(text, prefix + "pgpgin", count(MemcgStat.PgpgIn));
        Line(text, prefix + "pgpgout", count(MemcgStat.PgpgOut));
        Line(text, prefix + "pgfault", count(MemcgStat.PgFault));
        Line(text, prefix + "pgmajfault", count(MemcgStat.PgMajFault));
        Line(text, prefix + "inactive_anon", Bytes(count(MemcgStat.InactiveAnon)));
        Line(text, prefix + "active_anon", Bytes(count(MemcgStat.ActiveAnon)));
        Line(text, prefix + "inactive_file", Bytes(count(MemcgStat.InactiveFile)));
        Line(text, prefix + "active_file", Bytes(count(MemcgStat.ActiveFile)));
        Line(text, prefix + "unevictable", Bytes(count(MemcgStat.Unevictable)));
    }

    private static long V1Value(string field, Func<MemcgStat, long> count) => field switch
    {
        "cache" => Bytes(count(MemcgStat.File)),
        "rss" => Bytes(count(MemcgStat.Anon)),
        "shmem" => Bytes(count(MemcgStat.Shmem)),
        "mapped_file" => Bytes(count(MemcgStat.FileMapped)),
        "dirty" => Bytes(count(MemcgStat.FileDirty)),
        "writeback" => Bytes(count(MemcgStat.FileWriteback)),
        "swap" => Bytes(count(MemcgStat.Swap)),
        "swapcached" => Bytes(count(MemcgStat.SwapCached)),
        "workingset_refault_anon" => count(MemcgStat.WorkingsetRefaultAnon),
        "workingset_refault_file" => count(MemcgStat.WorkingsetRefaultFile),
        _ => 0, // rss_huge: no huge pages here
    };

    /// <summary>The smallest limit from here up, in bytes.</summary>
    private static long HierarchicalLimit(MemCgroup memcg, bool memsw)
    {
        long pages = KernelConstants.PageCounterMax;
        for (MemCgroup? m = memcg; m is not null; m = m.HierarchyParent)
        {
            pages = Math.Min(pages, memsw ? m.Memsw.Max : m.Memory.Max);
        }
        return pages * KernelConstants.PageSize;
    }

    /// <summary>v2: counts of the subtree.</summary>
    [Kernel("memory_stat_format", "mm/memcontrol.c")]
    public static string V2(Machine machine, MemCgroup memcg)
    {
        memcg.PrepareStatRead();
        StringBuilder text = new();
        StatReader reader = new(machine, memcg);
        foreach (string field in machine.Era.Cgroups.V2StatFields)
        {
            Line(text, field, V2Value(field, reader));
        }
        return text.ToString();
    }

    /// <summary>The value of one field of v2 memory.stat: bytes, or a count of events.</summary>
    internal static long V2Value(string field, StatReader reader) => field switch
    {
        "anon" => Bytes(reader.Recursive(MemcgStat.Anon)),
        "file" => Bytes(reader.Recursive(MemcgStat.File)),
        "kernel" => Bytes(reader.Recursive(MemcgStat.Kernel)),
        "kernel_stack" => Bytes(reader.Recursive(MemcgStat.KernelStack)),
        "pagetables" => Bytes(reader.Recursive(MemcgStat.PageTables)),
        "sock" => Bytes(reader.Recursive(MemcgStat.Sock)),
        "shmem" => Bytes(reader.Recursive(MemcgStat.Shmem)),
        "file_mapped" => Bytes(reader.Recursive(MemcgStat.FileMapped)),
        "file_dirty" => Bytes(reader.Recursive(MemcgStat.FileDirty)),
        "file_writeback" => Bytes(reader.Recursive(MemcgStat.FileWriteback)),
        "swapcached" => Bytes(reader.Recursive(MemcgStat.SwapCached)),
        "inactive_anon" => Bytes(reader.Recursive(MemcgStat.InactiveAnon)),
        "active_anon" => Bytes(reader.Recursive(MemcgStat.ActiveAnon)),
        "inactive_file" => Bytes(reader.Recursive(MemcgStat.InactiveFile)),
        "active_file" => Bytes(reader.Recursive(MemcgStat.ActiveFile)),
        "unevictable" => Bytes(reader.Recursive(MemcgStat.Unevictable)),
        "slab_reclaimable" => reader.Recursive(MemcgStat.SlabReclaimable),
        "slab_unreclaimable" => reader.Recursive(MemcgStat.SlabUnreclaimable),
        "slab" => reader.Recursive(MemcgStat.SlabReclaimable) + reader.Recursive(MemcgStat.SlabUnreclaimable),
        "pgfault" => reader.Recursive(MemcgStat.PgFault),
        "pgmajfault" => reader.Recursive(MemcgStat.PgMajFault),
        _ => V2Reclaim(field, reader),
    };

    private static long V2Reclaim(string field, StatReader reader) => field switch
    {
        "pgscan" => reader.Recursive(MemcgStat.PgScanKswapd) + reader.Recursive(MemcgStat.PgScanDirect) + reader.Recursive(MemcgStat.PgScanProactive),
        "pgscan_kswapd" => reader.Recursive(MemcgStat.PgScanKswapd),
        "pgscan_direct" => reader.Recursive(MemcgStat.PgScanDirect),
        "pgscan_proactive" => reader.Recursive(MemcgStat.PgScanProactive),
        "pgsteal" => reader.Recursive(MemcgStat.PgStealKswapd) + reader.Recursive(MemcgStat.PgStealDirect) + reader.Recursive(MemcgStat.PgStealProactive),
        "pgsteal_kswapd" => reader.Recursive(MemcgStat.PgStealKswapd),
        "pgsteal_direct" => reader.Recursive(MemcgStat.PgStealDirect),
        "pgsteal_proactive" => reader.Recursive(MemcgStat.PgStealProactive),
        "pgrefill" => reader.Recursive(MemcgStat.PgRefill),
        "pgactivate" => reader.Recursive(MemcgStat.PgActivate),
        "pgdeactivate" => reader.Recursive(MemcgStat.PgDeactivate),
        "pglazyfree" => reader.Recursive(MemcgStat.PgLazyFree),
        "pglazyfreed" => reader.Recursive(MemcgStat.PgLazyFreed),
        "pswpin" => reader.Recursive(MemcgStat.PswpIn),
        "pswpout" => reader.Recursive(MemcgStat.PswpOut),
        "workingset_refault" or "workingset_refault_file" => reader.Recursive(MemcgStat.WorkingsetRefaultFile),
        "workingset_refault_anon" => reader.Recursive(MemcgStat.WorkingsetRefaultAnon),
        "workingset_activate" or "workingset_activate_file" => reader.Recursive(MemcgStat.WorkingsetActivateFile),
        "workingset_activate_anon" => reader.Recursive(MemcgStat.WorkingsetActivateAnon),
        "workingset_restore" or "workingset_restore_file" => reader.Recursive(MemcgStat.WorkingsetRestoreFile),
        "workingset_restore_anon" => reader.Recursive(MemcgStat.WorkingsetRestoreAnon),
        "workingset_nodereclaim" => reader.Recursive(MemcgStat.WorkingsetNodeReclaim),
        _ => 0,
    };

    private static long Bytes(long pages) => pages * KernelConstants.PageSize;

    private static void Line(StringBuilder text, string name, long value) =>
        text.Append(name).Append(' ').Append(value.ToString(CultureInfo.InvariantCulture)).Append('\n');
}
