using Ullage.Abi;
using Ullage.Abi.Units;
using Ullage.Model.Eras;

namespace Ullage.Model.Charging;

/// <summary>
/// One cgroup's counters. Each CPU collects its own changes and folds them once they exceed the charge batch, into the
/// cgroup and all its ancestors. Eras from 4.19 to 5.14 show only what was folded, so a read may lag by a batch per CPU
/// (a process that touched 25,549 pages on 5.10 reads 25,542 = 774 * 33); the others fold before they are read (§2.17).
/// </summary>
[Kernel("struct memcg_vmstats", "mm/memcontrol.c", Deviation = "From 5.15 every read flushes; the kernel may leave small changes pending for up to 2 s.")]
public sealed class MemcgStats
{
    private const int Items = (int)MemcgStat.Count;

    private readonly int[] _pending; // by CPU and item
    private readonly long[] _local = new long[Items];
    private readonly long[] _recursive = new long[Items];
    private readonly MemcgStats? _parent;
    private readonly int _batch;
    private readonly bool _exactReads;

    internal MemcgStats(MemcgStats? parent, KernelEra era, int cpus)
    {
        _parent = parent;
        _batch = era.Charging.Batch;
        _exactReads = era.Stats.Accuracy != StatAccuracy.Batched;
        _pending = new int[cpus * Items];
    }

    internal void Add(int cpu, MemcgStat item, int change)
    {
        ref int pending = ref _pending[(cpu * Items) + (int)item];
        pending += change;
        int batch = InBytes(item) ? _batch << KernelConstants.PageShift : _batch;
        if ((uint)(pending + batch) > (uint)(2 * batch))
        {
            Fold((int)item, ref pending);
        }
    }

    [Kernel("vmstat_item_in_bytes", "include/linux/mmzone.h")]
    private static bool InBytes(MemcgStat item) => item is MemcgStat.SlabReclaimable or MemcgStat.SlabUnreclaimable;

    private void Fold(int item, ref int pending)
    {
        int change = pending;
        pending = 0;
        _local[item] += change;
        for (MemcgStats? s = this; s is not null; s = s._parent)
        {
            s._recursive[item] += change;
        }
    }

    /// <summary>Folds what the CPUs still hold, as the kernel does when a cgroup goes offline.</summary>
    internal void Flush()
    {
        for (int i = 0; i < _pending.Length; i++)
        {
            if (_pending[i] != 0)
            {
                Fold(i % Items, ref _pending[i]);
            }
        }
    }

    /// <summary>This cgroup's own count, as its kernel would show it now.</summary>
    public long Local(MemcgStat item) => Math.Max(0, _local[(int)item]);

    /// <summary>The count of this cgroup and its descendants. <see cref="MemCgroup.PrepareStatRead"/> first.</summary>
    public long Recursive(MemcgStat item) => Math.Max(0, _recursive[(int)item]);

    /// <summary>The true count of this cgroup, whatever a read would show.</summary>
    internal long Exact(MemcgStat item)
    {
        long sum = _local[(int)item];
        for (int at = (int)item; at < _pending.Length; at += Items)
        {
            sum += _pending[at];
        }
        return sum;
    }

    internal bool ReadsAreExact => _exactReads;

    /// <summary>Takes this cgroup's counts out of its ancestors: old kernels sum over the cgroups that exist (§2.17).</summary>
    internal void ForgetInAncestors()
    {
        for (MemcgStats? s = _parent; s is not null; s = s._parent)
        {
            for (int item = 0; item < Items; item++)
            {
                s._recursive[item] -= _recursive[item];
            }
        }
    }
}
