using System.Globalization;
using System.Text;
using Ullage.Abi;
using Ullage.Abi.Units;
using Ullage.Model.Pages;

namespace Ullage.Model.Kernfs;

/// <summary>/proc/meminfo (§11.6). What cannot have happened in this machine (huge pages) is a true zero.</summary>
[Kernel("meminfo_proc_show", "fs/proc/meminfo.c", Deviation = "Slabs filled while booting are not there; program images take no page cache.")]
internal sealed class ProcMeminfo(Machine machine)
{
    private const int NameWidth = 16;
    private const int Width = 24; // name, colon and number
    private const long VmallocTotalKb = 34359738367; // with four levels of page tables
    private const int KbPerPage = KernelConstants.PageSize / 1024;

    private readonly FrameUse _use = machine.Frames.CountUse();
    private readonly MachineTotals _totals = new(machine);

    public string Text()
    {
        StringBuilder text = new();
        foreach (string field in machine.Era.Proc.MeminfoFields)
        {
            string name = (field + ":").PadRight(NameWidth);
            text.Append(name).Append(Value(field).ToString(CultureInfo.InvariantCulture).PadLeft(Width - name.Length));
            text.Append(field.StartsWith("HugePages_", StringComparison.Ordinal) ? "\n" : " kB\n");
        }
        return text.ToString();
    }

    private long Value(string field) => field switch
    {
        "MemTotal" => Kb(machine.Frames.Managed),
        "MemFree" => Kb(machine.Frames.Free),
        "MemAvailable" => Kb(Available()),
        "Active" => Kb(machine.Vm[VmItem.ActiveAnon] + machine.Vm[VmItem.ActiveFile]),
        "Inactive" => Kb(machine.Vm[VmItem.InactiveAnon] + machine.Vm[VmItem.InactiveFile]),
        "Active(anon)" => Kb(machine.Vm[VmItem.ActiveAnon]),
        "Inactive(anon)" => Kb(machine.Vm[VmItem.InactiveAnon]),
        "Active(file)" => Kb(machine.Vm[VmItem.ActiveFile]),
        "Inactive(file)" => Kb(machine.Vm[VmItem.InactiveFile]),
        "Dirty" => Kb(machine.Vm[VmItem.FileDirty]),
        "Writeback" => Kb(machine.Vm[VmItem.Writeback]),
        "SwapTotal" => Kb(machine.Swap.Map.Pages),
        "SwapFree" => Kb(machine.Swap.Map.Free),
        "SwapCached" => Kb(machine.Swap.Cached),
        "Cached" => Kb(_use.Shmem + machine.Vm[VmItem.FilePages] - machine.Swap.Cached),
        "Shmem" => Kb(_use.Shmem),
        "Mapped" => Kb(_use.Mapped + machine.Vm[VmItem.FileMapped]),
        "AnonPages" => Kb(_use.Anon),
        "Slab" => Kb(_totals.ReclaimableSlabPages + _totals.UnreclaimableSlabPages),
        "SReclaimable" => Kb(_totals.ReclaimableSlabPages),
        "SUnreclaim" => Kb(_totals.UnreclaimableSlabPages),
        "KernelStack" => _totals.KernelStackKb,
        "PageTables" => Kb(_totals.PageTables),
        "CommitLimit" => Kb(machine.Overcommit.Limit),
        "Committed_AS" => Kb(machine.Overcommit.Shown),
        "VmallocTotal" => VmallocTotalKb,
        "VmallocUsed" => machine.Era.Proc.CountsVmalloc && machine.Era.Kmem.VmapStack ? _totals.KernelStackKb : 0,
        "Percpu" => Kb(machine.MemcgMemory.PercpuPages),
        "Hugepagesize" => 2048,
        "DirectMap4k" => machine.Options.MemoryBytes / 1024 % 2048,
        "DirectMap2M" => machine.Options.MemoryBytes / 1024 / 2048 * 2048,
        _ => 0,
    };

    /// <summary>What could be had without swapping (§9.1).</summary>
    [Kernel("si_mem_available", "mm/show_mem.c", Deviation = "Reclaimable slabs count as nothing: what boot leaves in them is not there.")]
    private long Available()
    {
        long low = 0;
        foreach (Zone zone in machine.Frames.Zones)
        {
            low += zone.Low;
        }
        long cache = machine.Vm[VmItem.ActiveFile] + machine.Vm[VmItem.InactiveFile];
        return Math.Max(machine.Frames.Free - machine.Frames.Watermarks.TotalReserve + cache - Math.Min(cache / 2, low), 0);
    }

    private static long Kb(long pages) => pages * KbPerPage;
}
