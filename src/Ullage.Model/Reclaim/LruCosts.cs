using Ullage.Abi;
using Ullage.Model.Charging;
using Ullage.Model.Eras;
using Ullage.Model.Pages;

namespace Ullage.Model.Reclaim;

/// <summary>What it costs to reclaim anonymous memory and page cache (5.8+, §3.7): writes, refaults, and from 6.2 on rotations.</summary>
[Kernel("lru_note_cost", "mm/swap.c")]
internal sealed class LruCosts(Machine machine)
{
    private const int IoCost = 32; // SWAP_CLUSTER_MAX rotations cost as much as one page of IO

    private readonly bool _exists = machine.Era.Vmscan.Balance == ScanBalanceRule.Cost;
    private readonly bool _rotationsCost = machine.Era.Vmscan.RotationCosts;

    /// <summary>Reclaim wrote and rotated pages of a type.</summary>
    public void Note(Lruvec lruvec, bool isFile, long written, long rotated)
    {
        if (!_exists)
        {
            return;
        }
        long cost = _rotationsCost ? (written * IoCost) + rotated : written;
        for (MemCgroup? m = lruvec.Memcg; m is not null; m = m.HierarchyParent)
        {
            Note(machine.Lru.LruvecOf(m, lruvec.Place), isFile, cost);
        }
    }

    /// <summary>A page that was in use came back.</summary>
    [Kernel("lru_note_cost_refault", "mm/swap.c")]
    public void NoteRefault(Lruvec lruvec, bool isFile) => Note(lruvec, isFile, 1, 0);

    private void Note(Lruvec lruvec, bool isFile, long cost)
    {
        if (isFile)
        {
            lruvec.FileCost += cost;
        }
        else
        {
            lruvec.AnonCost += cost;
        }
        long sum = lruvec.FileCost + lruvec.AnonCost;
        if (sum == 0 || sum <= machine.Workingset.EvictableOf(lruvec) / 4)
        {
            return;
        }
        lruvec.FileCost /= 2;
        lruvec.AnonCost /= 2;
    }
}
