using System.Numerics;
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
    private ulong[] _taken = new ulong[16]; // a bit per slot; what lies beyond was never taken
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
        if (slot >> 6 >= _taken.Length)
        {
            Array.Resize(ref _taken, Math.Max((slot >> 6) + 1, 2 * _taken.Length));
        }
        _taken[slot >> 6] |= 1UL << slot;
        return slot;
    }

    private int FindFree(ISwapReclaim reclaim)
    {
        if (_clusterLeft-- == 0)
        {
            BeginCluster();
        }
        int from = _next > _highest ? _lowest : _next;
        return IsFull ? FindOrReclaim(from, reclaim) : FindFree(from);
    }

    private int FindFree(int from)
    {
        int slot = NextFree(from, _highest);
        if (slot <= _highest)
        {
            return slot;
        }
        int last = Math.Min(from - 1, _highest);
        slot = NextFree(_lowest, last);
        return slot <= last ? slot : -1;
    }

    /// <summary>Slots that only the swap cache still has will do, too.</summary>
    private int FindOrReclaim(int from, ISwapReclaim reclaim)
    {
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
        int slot = NextFree(_lowest, _highest);
        while (slot <= _highest)
        {
            int end = NextTaken(slot, (int)Math.Min(slot + (long)Cluster - 1, _highest));
            if (end - slot == Cluster)
            {
                _next = slot;
                return;
            }
            slot = NextFree(end, _highest);
        }
    }

    /// <summary>The first free slot from one on; beyond <paramref name="last"/> = none is up to there.</summary>
    private int NextFree(int slot, int last)
    {
        while (slot <= last && slot >> 6 < _taken.Length)
        {
            ulong free = ~_taken[slot >> 6] >> slot;
            if (free != 0)
            {
                return slot + BitOperations.TrailingZeroCount(free);
            }
            slot = (slot | 63) + 1;
        }
        return slot;
    }

    /// <summary>The first taken slot from one on; behind <paramref name="last"/> = none is up to there.</summary>
    private int NextTaken(int slot, int last)
    {
        while (slot <= last && slot >> 6 < _taken.Length)
        {
            ulong taken = _taken[slot >> 6] >> slot;
            if (taken != 0)
            {
                return Math.Min(slot + BitOperations.TrailingZeroCount(taken), last + 1);
            }
            slot = (slot | 63) + 1;
        }
        return last + 1;
    }

    /// <summary>Gives a slot back.</summary>
    [Kernel("swap_range_free", "mm/swapfile.c")]
    public void Release(int slot)
    {
        Invariant.Holds(_slots[slot].IsUsed);
        _slots[slot] = default;
        _taken[slot >> 6] &= ~(1UL << slot);
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
