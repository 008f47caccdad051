using Ullage.Abi;
using Ullage.Abi.Units;
using Ullage.Model.AddressSpace;
using Ullage.Model.Charging;

namespace Ullage.Model.Kernfs;

/// <summary>Sums over all tasks and cgroups, made when a file asks for them.</summary>
internal sealed class MachineTotals
{
    private const int KernelStackPages = 4;
    private readonly Machine _machine;
    private readonly Sysctls _sysctls;
    private readonly HashSet<Mm> _seen = []; // looked up, never walked

    public MachineTotals(Machine machine, Sysctls sysctls)
    {
        _machine = machine;
        _sysctls = sysctls;
        foreach (TaskStruct task in machine.Tasks.All)
        {
            Stacks += task.State == TaskState.Zombie ? 0 : 1;
            if (task.Mm is { } mm && _seen.Add(mm))
            {
                AddMm(mm);
            }
        }
        ReclaimableSlabPages = machine.Slab.TotalPages(reclaimable: true);
        UnreclaimableSlabPages = machine.Slab.TotalPages(reclaimable: false);
    }

    private void AddMm(Mm mm)
    {
        int levels = _machine.Era.Proc.PageTableLevels;
        PageTables += mm.PteTables + (levels > 1 ? mm.PmdTables : 0) + (levels > 2 ? mm.PudTables : 0);
        foreach (Vma vma in mm.Vmas)
        {
            Committed += IsAccounted(vma.Flags) ? vma.Pages : 0;
        }
    }

    [Kernel("accountable_mapping", "mm/mmap.c", Deviation = "A mapping that lost its write permission counts no longer; in the kernel it stays accounted.")]
    private static bool IsAccounted(VmaFlags flags) => (flags & (VmaFlags.Write | VmaFlags.Shared | VmaFlags.NoReserve)) == VmaFlags.Write;

    /// <summary>Tasks that have a kernel stack.</summary>
    public long Stacks { get; }

    public long KernelStackKb => Stacks * KernelStackPages * (KernelConstants.PageSize / 1024);

    /// <summary>Page-table pages of the levels that the era counts.</summary>
    public long PageTables { get; private set; }

    /// <summary>Pages that private writable mappings may come to.</summary>
    [Kernel("vm_committed_as", "mm/util.c")]
    public long Committed { get; private set; }

    /// <summary>Slab pages of reclaimable caches.</summary>
    public long ReclaimableSlabPages { get; }

    /// <summary>Slab pages of the other caches.</summary>
    public long UnreclaimableSlabPages { get; }

    [Kernel("vm_commit_limit", "mm/util.c")]
    public long CommitLimit
    {
        get
        {
            long swap = _machine.Options.SwapBytes >> KernelConstants.PageShift;
            return swap + (_sysctls.OvercommitKbytes > 0
                ? _sysctls.OvercommitKbytes / (KernelConstants.PageSize / 1024)
                : (long)_machine.Frames.Managed * _sysctls.OvercommitRatio / 100);
        }
    }
}
