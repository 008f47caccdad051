using Ullage.Model.Charging;
using Ullage.Model.Pages;

namespace Ullage.Model.Kernfs;

/// <summary>
/// Reads a cgroup's counts. The root's own anonymous pages are charged to no counter; what the root has is what the
/// machine has, less what its children have.
/// </summary>
internal sealed class StatReader
{
    private readonly MemcgStats _stats;
    private readonly Machine _machine;
    private readonly FrameUse? _machineWide; // for the root only

    public StatReader(Machine machine, MemCgroup memcg)
    {
        _machine = machine;
        _stats = memcg.Stats;
        _machineWide = memcg.IsRoot ? machine.Frames.CountUse() : null;
    }

    /// <summary>This cgroup's own count.</summary>
    public long Local(MemcgStat item)
    {
        if (MachineWide(item) is not { } left)
        {
            return _stats.Local(item);
        }
        foreach (MemCgroup memcg in _machine.Hierarchy.Memcgs)
        {
            left -= memcg.IsRoot ? 0 : memcg.Stats.Local(item);
        }
        return Math.Max(0, left);
    }

    /// <summary>The count of the subtree.</summary>
    public long Recursive(MemcgStat item) => MachineWide(item) ?? _stats.Recursive(item);

    private long? MachineWide(MemcgStat item) => _machineWide is not { } use ? null : item switch
    {
        MemcgStat.Anon => use.Anon,
        MemcgStat.SwapCached => _machine.Swap.Cached,
        MemcgStat.ActiveAnon => use.ActiveAnon,
        MemcgStat.InactiveAnon => use.InactiveAnon,
        _ => null,
    };
}
