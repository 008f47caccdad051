using System.Globalization;
using System.Text;
using Ullage.Abi;
using Ullage.Abi.Units;
using Ullage.Model.Pages;

namespace Ullage.Model.Kernfs;

/// <summary>/proc/vmstat (§11.7): the era's lines in its order.</summary>
[Kernel("vmstat_show", "mm/vmstat.c", Deviation = "LRU lists are not told apart by zone.")]
internal sealed class ProcVmstat(Machine machine, Sysctls sysctls)
{
    private const int StructPageBytes = 64;

    private readonly FrameUse _use = machine.Frames.CountUse();
    private readonly MachineTotals _totals = new(machine);

    public string Text()
    {
        StringBuilder text = new();
        foreach (string field in machine.Era.Proc.VmstatFields)
        {
            text.Append(CultureInfo.InvariantCulture, $"{field} {Value(field)}\n");
        }
        return text.ToString();
    }

    /// <summary>The value of one line.</summary>
    internal long Value(string field) => field switch
    {
        "nr_free_pages" => machine.Frames.Free,
        "nr_shmem" => _use.Shmem,
        "nr_file_pages" => _use.Shmem + machine.Vm[VmItem.FilePages],
        "nr_mapped" => _use.Mapped + machine.Vm[VmItem.FileMapped],
        "nr_anon_pages" => _use.Anon,
        "nr_page_table_pages" => _totals.PageTables,
        "nr_kernel_stack" => machine.Era.Oom.Reaper == Eras.ReaperStart.None ? _totals.Stacks : _totals.KernelStackKb, // 4.1 counts stacks
        "nr_slab_reclaimable" => _totals.ReclaimableSlabPages,
        "nr_slab_unreclaimable" => _totals.UnreclaimableSlabPages,
        "nr_dirty_threshold" => machine.PageCache.Writeback.Threshold,
        "nr_dirty_background_threshold" => machine.PageCache.Writeback.BackgroundThreshold,
        "nr_memmap_boot_pages" => machine.Frames.Total * StructPageBytes / KernelConstants.PageSize,
        "numa_hit" or "numa_local" or "numa_miss" or "numa_foreign" or "numa_other" or "numa_interleave" => machine.Pages.Numa.Of(field, -1) ?? 0,
        "pgfree" => machine.Frames.Releases,
        "pgfault" => machine.Faults.Count,
        "oom_kill" => machine.Oom.Kills,
        "drop_pagecache" => sysctls.DroppedPagecache,
        "slabs_scanned" => machine.Shrinkers.Scanned,
        "drop_slab" => sysctls.DroppedSlab,
        "pgalloc_dma" => Allocations(0),
        "pgalloc_dma32" => Allocations(1),
        "pgalloc_normal" => Allocations(2),
        "allocstall" => machine.Pages.StallsNormal + machine.Pages.StallsMovable,
        "allocstall_normal" => machine.Pages.StallsNormal,
        "allocstall_movable" => machine.Pages.StallsMovable,
        _ => machine.Vm.Shown(field) ?? ByZone(field),
    };

    /// <summary>4.1 counts reclaim by zone: <c>pgsteal_kswapd_dma32</c>.</summary>
    private long ByZone(string field)
    {
        int underscore = field.LastIndexOf('_');
        VmItem? item = field.AsSpan(0, Math.Max(underscore, 0)) switch
        {
            "pgrefill" => VmItem.PgRefill,
            "pgsteal_kswapd" => VmItem.PgStealKswapd,
            "pgsteal_direct" => VmItem.PgStealDirect,
            "pgscan_kswapd" => VmItem.PgScanKswapd,
            "pgscan_direct" => VmItem.PgScanDirect,
            _ => null,
        };
        long pages = 0;
        foreach (Zone zone in machine.Frames.Zones)
        {
            if (item is { } counted && field.AsSpan(underscore + 1).Equals(zone.Name, StringComparison.OrdinalIgnoreCase))
            {
                pages += zone.Reclaim(counted);
            }
        }
        return pages;
    }

    private long Allocations(int zoneType)
    {
        long taken = 0;
        foreach (Zone zone in machine.Frames.Zones)
        {
            taken += zone.Type == zoneType ? zone.Allocations : 0;
        }
        return taken;
    }
}
