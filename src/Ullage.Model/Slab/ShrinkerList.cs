using Ullage.Abi;
using Ullage.Model.Charging;
using Ullage.Model.Eras;

namespace Ullage.Model.Slab;

/// <summary>How hard a reclaim pass tries: by priority since 4.16, by LRU pages scanned before (§4.8).</summary>
/// <param name="Priority">12 (gently) to 0 (everything).</param>
/// <param name="LruScanned">LRU pages scanned in this pass.</param>
/// <param name="LruEligible">LRU pages that could have been.</param>
internal readonly record struct ShrinkDepth(int Priority, long LruScanned, long LruEligible);

/// <summary>
/// All shrinkers (§4.8). A pass asks each for what it could free and scans a share of it; a share smaller than a batch is not scanned but
/// owed, and the debt makes a later pass scan. With priority 12 and 2 seeks the share is 2 in 4096; at priority 1 it is everything.
/// </summary>
[Kernel("shrink_slab", "mm/shrinker.c", Deviation = "One node; a lock is never contended.")]
internal sealed class ShrinkerList(Machine machine)
{
    private const int LruScannedAtLeast = 32; // SWAP_CLUSTER_MAX stands for an LRU pass that scanned nothing

    private readonly List<ShrinkerState> _shrinkers = [];
    private readonly ReclaimRules _rules = machine.Era.Reclaim;

    /// <summary>Objects that shrinkers were told to scan (vmstat slabs_scanned).</summary>
    public long Scanned { get; private set; }

    [Kernel("register_shrinker", "mm/shrinker.c")]
    public void Register(IShrinker shrinker)
    {
        Invariant.Holds(Find(shrinker) is null, $"shrinker {shrinker.Name} is registered once");
        _shrinkers.Add(new ShrinkerState(shrinker, _rules.Deferral == ShrinkerDeferral.DuePerMemcg));
    }

    [Kernel("unregister_shrinker", "mm/shrinker.c")]
    public bool Unregister(IShrinker shrinker) => Find(shrinker) is { } state && _shrinkers.Remove(state);

    /// <summary>The state of a registered shrinker.</summary>
    public ShrinkerState? Find(IShrinker shrinker)
    {
        foreach (ShrinkerState state in _shrinkers)
        {
            if (state.Shrinker == shrinker)
            {
                return state;
            }
        }
        return null;
    }

    /// <summary>One pass for one memory cgroup; answers the objects freed.</summary>
    public long Shrink(MemCgroup memcg, Gfp gfp, ShrinkDepth depth)
    {
        if (!memcg.IsRoot && (!memcg.Online || !machine.Kmem.Accounts(memcg)))
        {
            return 0; // its objects are its parent's
        }
        bool globalToo = memcg.IsRoot && !_rules.GlobalShrinkerPass;
        return Shrink(memcg, gfp, depth, aware: true, globalToo);
    }

    /// <summary>The pass of those that know no memory cgroups, where the era has one.</summary>
    public long ShrinkGlobal(Gfp gfp, ShrinkDepth depth) =>
        _rules.GlobalShrinkerPass ? Shrink(machine.Hierarchy.Root.Memcg, gfp, depth, aware: false, global: true) : 0;

    private long Shrink(MemCgroup memcg, Gfp gfp, ShrinkDepth depth, bool aware, bool global)
    {
        long freed = 0;
        for (int i = 0; i < _shrinkers.Count; i++)
        {
            ShrinkerState state = _shrinkers[i];
            if (state.Shrinker.MemcgAware ? aware : global)
            {
                freed += Shrink(state, new ShrinkControl(memcg, 0, (gfp & Gfp.Fs) != 0), depth);
            }
        }
        return freed;
    }

    [Kernel("do_shrink_slab", "mm/shrinker.c")]
    private long Shrink(ShrinkerState state, ShrinkControl control, ShrinkDepth depth)
    {
        long freeable = state.Shrinker.Count(control);
        if (freeable <= 0)
        {
            return 0;
        }
        long owed = state.TakeDeferred(control.Memcg);
        long delta = Delta(state, freeable, depth);
        long total = Total(owed, delta, freeable, depth.Priority);
        long batch = state.Batch;
        long freed = 0;
        long scanned = 0;
        while (total >= batch || total >= freeable)
        {
            long now = Math.Min(batch, total);
            long got = state.Shrinker.Scan(control with { ToScan = now });
            if (got < 0)
            {
                break;
            }
            freed += got;
            Scanned += now;
            (total, scanned) = (total - now, scanned + now);
        }
        if (Owed(owed, delta, freeable, scanned, total) is var left and > 0)
        {
            state.AddDeferred(control.Memcg, left);
        }
        return freed;
    }

    private long Delta(ShrinkerState state, long freeable, ShrinkDepth depth)
    {
        int seeks = state.Shrinker.Seeks;
        if (_rules.Delta == ShrinkerDelta.LruProportion)
        {
            long scanned = depth.LruScanned == 0 ? LruScannedAtLeast : depth.LruScanned;
            return 4 * scanned / Math.Max(1, seeks) * freeable / (depth.LruEligible + 1);
        }
        long delta = seeks == 0 ? freeable / 2 : (freeable >> depth.Priority) * 4 / seeks;
        return _rules.ShrinksSmallSlabs ? Math.Max(delta, Math.Min(freeable, state.Batch)) : delta;
    }

    private long Total(long owed, long delta, long freeable, int priority)
    {
        if (_rules.Deferral == ShrinkerDeferral.DuePerMemcg)
        {
            return Math.Min((owed >> priority) + delta, 2 * freeable);
        }
        long total = owed + delta;
        total = total < 0 ? freeable : total;
        if (delta < freeable / 4)
        {
            total = Math.Min(total, freeable / 2); // a small pass must not pay off a large debt at once
        }
        return Math.Min(total, 2 * freeable);
    }

    private long Owed(long owed, long delta, long freeable, long scanned, long leftOfTotal) => _rules.Deferral switch
    {
        ShrinkerDeferral.Leftover => leftOfTotal,
        ShrinkerDeferral.Due => Math.Max(0, owed + delta - scanned),
        _ => Math.Min(Math.Max(0, owed + delta - scanned), 2 * freeable),
    };

    /// <summary>A removed cgroup's debts go to its parent.</summary>
    public void Offline(MemCgroup memcg)
    {
        foreach (ShrinkerState state in _shrinkers)
        {
            state.Offline(memcg);
        }
    }
}
