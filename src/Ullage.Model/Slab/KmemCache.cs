using System.Numerics;
using Ullage.Abi;
using Ullage.Model.Charging;
using Ullage.Model.Eras;

namespace Ullage.Model.Slab;

/// <summary>One cache: a root cache, or a memory cgroup's own copy of one (§4.4).</summary>
[Kernel("struct kmem_cache", "include/linux/slub_def.h")]
internal sealed class KmemCache
{
    private readonly CacheRow _row;

    public KmemCache(CacheRow row, int index, MachineOptions options, KmemCache? root = null, MemCgroup? memcg = null)
    {
        SlabRules rules = options.Era.Slab;
        _row = row;
        Index = index;
        Root = root ?? this;
        Memcg = memcg;
        int cpus = rules.CountsPresentCpus && options.Cpus > 1 ? options.Cpus : options.PossibleCpus;
        Preferred = SlabGeometry.Of(row.Size, cpus, rules.OrderSearch);
        Smallest = SlabGeometry.Smallest(row.Size);
        MinPartial = Math.Clamp(BitOperations.Log2((uint)row.Size) / 2, 5, 10); // §4.2
        CpuPartial = CpuPartialOf(rules, row.Size, Preferred.Objects);
        CpuPartialInSlabs = rules.CpuPartialInSlabs;
        CpuSlab = Filled(options.PossibleCpus);
        CpuPartialHead = Filled(options.PossibleCpus);
        CpuPartialFill = new int[options.PossibleCpus];
    }

    private static int[] Filled(int count)
    {
        int[] none = new int[count];
        Array.Fill(none, -1);
        return none;
    }

    private static int CpuPartialOf(SlabRules rules, int size, int objects)
    {
        int limit = rules.CpuPartial[size >= 4096 ? 0 : size >= 1024 ? 1 : size >= 256 ? 2 : 3];
        return rules.CpuPartialInSlabs ? ((2 * limit) + objects - 1) / objects : limit;
    }

    /// <summary>Its name in slabinfo; a child has its root's.</summary>
    public string Name => _row.Name;

    /// <summary>Bytes per object, with metadata.</summary>
    public int Size => _row.Size;

    /// <summary>Every object is charged (SLAB_ACCOUNT).</summary>
    public bool Accounted => _row.Accounted;

    /// <summary>Pages count as reclaimable.</summary>
    public bool Reclaimable => _row.Reclaimable;

    /// <summary>The counter of memory.stat that its objects move.</summary>
    public MemcgStat Stat => _row.Reclaimable ? MemcgStat.SlabReclaimable : MemcgStat.SlabUnreclaimable;

    /// <summary>Place in the era's table; children have their root's.</summary>
    public int Index { get; }

    /// <summary>The root cache; a root cache's is itself.</summary>
    public KmemCache Root { get; }

    /// <summary>Whose copy it is; null for root caches.</summary>
    public MemCgroup? Memcg { get; set; }

    /// <summary>Its cgroup was removed: it takes no new objects and goes with its last slab.</summary>
    public bool IsDead { get; set; }

    /// <summary>A child: false until the work item that creates it has run.</summary>
    public bool Created { get; set; }

    public SlabGeometry Preferred { get; }

    public SlabGeometry Smallest { get; }

    /// <summary>Partial slabs that the node keeps though they are empty.</summary>
    public int MinPartial { get; set; }

    /// <summary>What a CPU's partial list may hold: free objects, or slabs.</summary>
    public int CpuPartial { get; set; }

    public bool CpuPartialInSlabs { get; }

    /// <summary>The slab from which each CPU allocates; -1 = none.</summary>
    public int[] CpuSlab { get; }

    /// <summary>First slab of each CPU's partial list; -1 = none.</summary>
    public int[] CpuPartialHead { get; }

    /// <summary>Free objects, or slabs, counted in when a slab joined the CPU's partial list.</summary>
    public int[] CpuPartialFill { get; }

    public int PartialHead { get; set; } = -1;

    public int PartialTail { get; set; } = -1;

    /// <summary>Slabs on the node's partial list.</summary>
    public int Partials { get; set; }

    public long Slabs { get; set; }

    /// <summary>Objects that its slabs have room for.</summary>
    public long Objects { get; set; }

    public long Pages { get; set; }

    public override string ToString() => Memcg is null ? Name : $"{Name} of {Memcg}";
}
