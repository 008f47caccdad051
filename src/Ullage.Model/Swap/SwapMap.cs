using Ullage.Abi;
using Ullage.Model.Files;

namespace Ullage.Model.Swap;

/// <summary>
/// The slots of the swap device and which one is next: a rotating disk's, so that neighbours in time become neighbours on disk. A run of 256 free slots is
/// looked for from the lowest free one and then filled; when there is none, single slots are taken.
/// </summary>
[Kernel("struct swap_info_struct", "include/linux/swap.h", Deviation = "One rotating device. Slots are taken and given back one by one, not 64 at a time for each CPU.")]
internal sealed class SwapMap
{
    private const int Cluster = 256; // SWAPFILE_CLUSTER

    private readonly ChunkedArray<SwapSlot> _slots = new();
    private int _lowest = 1; // slot 0 is the header
    private int _highest;
    private int _next = 1;
    private int _clusterLeft;

    public SwapMap(int pages)
    {
        Pages = pages;
        Free = pages;
        _highest = pages;
    }

    /// <summary>Slots of the device; the header is not one.</summary>
    public int Pages { get; }

    /// <summary>Slots that are not taken.</summary>
    public int Free { get; private set; }

    /// <summary>Slots that are taken.</summary>
    public int Used => Pages - Free;

    /// <summary>More than half is taken: the swap cache gives slots back as soon as it can.</summary>
    [Kernel("vm_swap_full", "include/linux/swap.h")]
    public bool IsFull => Free * 2L < Pages;

    public ref SwapSlot this[int slot] => ref _slots[slot];

    public bool IsUsed(int slot) => slot > 0 && slot <= Pages && _slots.Holds(slot) && _slots[slot].IsUsed;

    /// <summary>Takes a slot; -1 = all are taken.</summary>
    [Kernel("scan_swap_map_slots", "mm/swapfile.c")]
    public int Allocate(ISwapReclaim reclaim)
    {
        int slot = Free == 0 ? -1 : FindFree(reclaim);
        if (slot < 0)
        {
            return -1;
        }
        Free--;
        _lowest += slot == _lowest ? 1 : 0;
        _highest -= slot == _highest ? 1 : 0;
        if (Free == 0)
        {
            (_lowest, _highest) = (int.MaxValue, 0);
        }
        _next = slot + 1;
        _slots.Reserve(slot + 1);
        _slots[slot] = new SwapSlot { IsUsed = true };
        return slot;
    }

    private int FindFree(ISwapReclaim reclaim)
    {
        if (_clusterLeft-- == 0)
        {
            BeginCluster();
        }
        int from = _next > _highest ? _lowest : _next;
        for (int slot = from; slot <= _highest; slot++)
        {
            if (!IsUsed(slot) || (IsFull && reclaim.TryReclaimSlot(slot)))
            {
                return slot;
            }
        }
        for (int slot = _lowest; slot < from && slot <= _highest; slot++)
        {
            if (!IsUsed(slot) || (IsFull && reclaim.TryReclaimSlot(slot)))
            {
                return slot;
            }
        }
        return -1;
    }

    private void BeginCluster()
    {
        _clusterLeft = Cluster - 1;
        if (Free < Cluster)
        {
            return;
        }
        int run = 0;
        for (int slot = _lowest; slot <= _highest; slot++)
        {
            run = IsUsed(slot) ? 0 : run + 1;
            if (run == Cluster)
            {
                _next = slot - Cluster + 1;
                return;
            }
        }
    }

    /// <summary>Gives a slot back.</summary>
    [Kernel("swap_range_free", "mm/swapfile.c")]
    public void Release(int slot)
    {
        Invariant.Holds(_slots[slot].IsUsed);
        _slots[slot] = default;
        Free++;
        _lowest = Math.Min(_lowest, slot);
        _highest = Math.Max(_highest, slot);
    }
}

/// <summary>Gives a slot back that only the swap cache still has.</summary>
internal interface ISwapReclaim
{
    /// <summary>True when the slot is free now.</summary>
    bool TryReclaimSlot(int slot);
}
