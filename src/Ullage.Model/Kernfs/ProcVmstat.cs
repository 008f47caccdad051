using System.Globalization;
using System.Text;
using Ullage.Abi;
using Ullage.Abi.Units;
using Ullage.Model.Pages;

namespace Ullage.Model.Kernfs;

/// <summary>/proc/vmstat (§11.7): the era's lines in its order.</summary>
[Kernel("vmstat_show", "mm/vmstat.c", Deviation = "One zone: DMA32 up to 3 GiB of RAM, else Normal; one node.")]
internal sealed class ProcVmstat(Machine machine, Sysctls sysctls)
{
    private const long LargestDma32 = 3L << 30;
    private const int StructPageBytes = 64;

    private readonly FrameUse _use = machine.Frames.CountUse();
    private readonly MachineTotals _totals = new(machine);
    private readonly string _pgalloc = machine.Options.MemoryBytes <= LargestDma32 ? "pgalloc_dma32" : "pgalloc_normal";

    public string Text()
    {
        StringBuilder text = new();
        foreach (string field in machine.Era.Proc.VmstatFields)
        {
            text.Append(CultureInfo.InvariantCulture, $"{field} {Value(field)}\n");
        }
        return text.ToString();
    }

    private long Value(string field) => field switch
    {
        "nr_free_pages" => machine.Frames.Free,
        "nr_zone_inactive_anon" or "nr_inactive_anon" => _use.InactiveAnon,
        "nr_zone_active_anon" or "nr_active_anon" => _use.ActiveAnon,
        "nr_shmem" or "nr_file_pages" => _use.Shmem,
        "nr_mapped" => _use.Mapped,
        "nr_anon_pages" => _use.Anon,
        "nr_page_table_pages" => _totals.PageTables,
        "nr_kernel_stack" => machine.Era.Oom.Reaper == Eras.ReaperStart.None ? _totals.Stacks : _totals.KernelStackKb, // 4.1 counts stacks
        "nr_slab_reclaimable" => _totals.ReclaimableSlabPages,
        "nr_slab_unreclaimable" => _totals.UnreclaimableSlabPages,
        "nr_dirty_threshold" => machine.Frames.Free * 20L / 100, // vm.dirty_ratio
        "nr_dirty_background_threshold" => machine.Frames.Free * 10L / 100,
        "nr_memmap_boot_pages" => machine.Frames.Total * StructPageBytes / KernelConstants.PageSize,
        "numa_hit" or "numa_local" => machine.Frames.Allocations,
        "pgfree" => machine.Frames.Releases,
        "pgfault" => machine.Faults.Count,
        "oom_kill" => machine.Oom.Kills,
        "drop_pagecache" => sysctls.DroppedPagecache,
        "drop_slab" => sysctls.DroppedSlab,
        _ => field == _pgalloc ? machine.Frames.Allocations : 0,
    };
}
