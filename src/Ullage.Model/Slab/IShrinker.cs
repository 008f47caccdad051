using Ullage.Model.Charging;

namespace Ullage.Model.Slab;

/// <summary>
/// A cache that can be asked to become smaller. Register one with <see cref="Machine.RegisterShrinker"/>: reclaim asks it how much it could
/// free, then has it scan some of that, in batches (spec §4.8).
/// </summary>
public interface IShrinker
{
    /// <summary>Its name.</summary>
    string Name { get; }

    /// <summary>Cost of making an object anew: 2 is usual; more is shrunk less; 0 is shrunk by half each time.</summary>
    int Seeks { get; }

    /// <summary>Objects per call of <see cref="Scan"/>; 0 = 128.</summary>
    int Batch { get; }

    /// <summary>Counts and scans the objects of one memory cgroup at a time. Otherwise only reclaim of the root or the whole machine asks it.</summary>
    bool MemcgAware { get; }

    /// <summary>How many objects could be freed; 0 = none now.</summary>
    long Count(in ShrinkControl control);

    /// <summary>Looks at <see cref="ShrinkControl.ToScan"/> objects and answers how many it freed; negative = it cannot go on now (SHRINK_STOP).</summary>
    long Scan(in ShrinkControl control);
}

/// <summary>What a shrinker is asked.</summary>
/// <param name="Memcg">Whose objects; the root's for a shrinker that is not <see cref="IShrinker.MemcgAware"/>.</param>
/// <param name="ToScan">Objects to look at; 0 when counting.</param>
/// <param name="MayEnterFs">The caller holds no file system locks (__GFP_FS).</param>
[Abi.Kernel("struct shrink_control", "include/linux/shrinker.h")]
public readonly record struct ShrinkControl(MemCgroup Memcg, long ToScan, bool MayEnterFs);
