using Ullage.Abi;
using Ullage.Model.Charging;

namespace Ullage.Model.Slab;

/// <summary>A registered shrinker and what it still owes: work that was due but smaller than a batch.</summary>
[Kernel("struct shrinker", "include/linux/shrinker.h")]
internal sealed class ShrinkerState(IShrinker shrinker, bool deferredPerMemcg)
{
    private const int DefaultBatch = 128; // SHRINK_BATCH

    private long[] _deferred = new long[1]; // by memcg id, or one for all

    public IShrinker Shrinker { get; } = shrinker;

    public int Batch => Shrinker.Batch == 0 ? DefaultBatch : Shrinker.Batch;

    /// <summary>Takes all that is deferred (<c>xchg_nr_deferred</c>).</summary>
    public long TakeDeferred(MemCgroup memcg)
    {
        int at = Slot(memcg);
        long deferred = at < _deferred.Length ? _deferred[at] : 0;
        if (deferred != 0)
        {
            _deferred[at] = 0;
        }
        return deferred;
    }

    public void AddDeferred(MemCgroup memcg, long count)
    {
        int at = Slot(memcg);
        if (at >= _deferred.Length)
        {
            Array.Resize(ref _deferred, Math.Max(16, at * 2));
        }
        _deferred[at] += count;
    }

    /// <summary>What is deferred now.</summary>
    public long Deferred(MemCgroup memcg) => Slot(memcg) is var at && at < _deferred.Length ? _deferred[at] : 0;

    /// <summary>A removed cgroup's debt goes to its parent (5.13+).</summary>
    [Kernel("reparent_shrinker_deferred", "mm/shrinker.c")]
    public void Offline(MemCgroup memcg)
    {
        if (deferredPerMemcg && TakeDeferred(memcg) is var left and > 0)
        {
            AddDeferred(memcg.Parent!, left);
        }
    }

    private int Slot(MemCgroup memcg) => deferredPerMemcg && Shrinker.MemcgAware ? memcg.Id : 0;
}
