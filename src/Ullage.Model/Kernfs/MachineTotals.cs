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
    private readonly HashSet<Mm> _seen = []; // looked up, never walked

    public MachineTotals(Machine machine)
    {
        _machine = machine;
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
    }

    /// <summary>Tasks that have a kernel stack.</summary>
    public long Stacks { get; }

    public long KernelStackKb => Stacks * KernelStackPages * (KernelConstants.PageSize / 1024);

    /// <summary>Page-table pages of the levels that the era counts.</summary>
    public long PageTables { get; private set; }

    /// <summary>Slab pages of reclaimable caches.</summary>
    public long ReclaimableSlabPages { get; }

    /// <summary>Slab pages of the other caches.</summary>
    public long UnreclaimableSlabPages { get; }
}
