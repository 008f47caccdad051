using Ullage.Abi;
using Ullage.Model.Charging;
using Ullage.Model.Eras;
using Ullage.Model.Pages;
using Ullage.Model.Slab;

namespace Ullage.Model.Reclaim;

/// <summary>
/// Nodes of a file's tree that hold nothing but shadows are memory, too. As many as could tell something about pages that would fit again
/// are left alone; the oldest of the others go, and what they remember with them (§3.10).
/// </summary>
[Kernel("workingset_shadow_shrinker", "mm/workingset.c")]
internal sealed class ShadowNodeShrinker(Machine machine) : IShrinker
{
    private const int MemcgShift = 3; // 64 slots a node, an eighth of them in use
    private const int MachineShift = 4;

    private readonly VmscanRules _rules = machine.Era.Vmscan;

    public string Name => "mm-shadow";

    public int Seeks => _rules.ShadowSeeks;

    public int Batch => 0;

    public bool MemcgAware => _rules.Shadows != ShadowAllowance.Machine;

    [Kernel("count_shadow_nodes", "mm/workingset.c")]
    public long Count(in ShrinkControl control)
    {
        long nodes = machine.PageCache.CountShadowNodes(control.Memcg);
        return nodes == 0 ? 0 : Math.Max(0, nodes - Allowed(control.Memcg));
    }

    private long Allowed(MemCgroup memcg)
    {
        long present = machine.Frames.Managed;
        if (_rules.Shadows == ShadowAllowance.Machine)
        {
            return present >> MachineShift;
        }
        if (memcg.IsRoot)
        {
            return (machine.Vm[VmItem.InactiveFile] + machine.Vm[VmItem.ActiveFile]) >> MemcgShift;
        }
        long pages = 0;
        foreach (Lruvec lists in memcg.Lruvecs ?? [])
        {
            pages += _rules.Shadows == ShadowAllowance.FilePages
                ? lists.Size(LruList.InactiveFile) + lists.Size(LruList.ActiveFile)
                : machine.Workingset.LocalPagesOf(lists); // from 6.12 on as of the last flush: none before the first one
        }
        return pages >> MemcgShift;
    }

    [Kernel("scan_shadow_nodes", "mm/workingset.c")]
    public long Scan(in ShrinkControl control)
    {
        long freed = machine.PageCache.ReclaimShadowNodes(control.Memcg, control.ToScan);
        machine.Vm.Add(VmItem.WorkingsetNodeReclaim, freed);
        control.Memcg.Stats.Add(machine.CurrentCpu, MemcgStat.WorkingsetNodeReclaim, (int)freed);
        return freed;
    }
}
