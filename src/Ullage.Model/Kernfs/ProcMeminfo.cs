using System.Globalization;
using System.Text;
using Ullage.Abi;
using Ullage.Abi.Units;
using Ullage.Model.Pages;

namespace Ullage.Model.Kernfs;

/// <summary>/proc/meminfo (§11.6). What cannot have happened in this machine (page cache, swapping, huge pages) is a true zero.</summary>
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
        "MemAvailable" => Kb(Math.Max(machine.Frames.Free - machine.Frames.Watermarks.TotalReserve, 0)), // nothing is cached (§9.1)
        "Active" or "Active(anon)" => Kb(_use.ActiveAnon),
        "Inactive" or "Inactive(anon)" => Kb(_use.InactiveAnon),
        "SwapTotal" or "SwapFree" => machine.Options.SwapBytes / 1024,
        "Cached" or "Shmem" => Kb(_use.Shmem),
        "Mapped" => Kb(_use.Mapped),
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

    private static long Kb(long pages) => pages * KbPerPage;
}
