using Ullage.Abi;
using Ullage.Model.Charging;

namespace Ullage.Model.Cgroups;

/// <summary>A removed cgroup that is still in memory, and what keeps it there (§5.3). Page counts are charged to it; the others are references.</summary>
[Kernel("CSS_DYING", "include/linux/cgroup-defs.h")]
public sealed record DyingCgroup
{
    /// <summary>Where it was.</summary>
    public required string Path { get; init; }
    /// <summary>Its serial number.</summary>
    public required ulong Serial { get; init; }
    /// <summary>When it was removed, in nanoseconds since boot; -1 = only its controller was switched off.</summary>
    public required long RemovedNs { get; init; }
    /// <summary>Anonymous pages.</summary>
    public required long AnonPages { get; init; }
    /// <summary>Page cache, without shared memory.</summary>
    public required long FilePages { get; init; }
    /// <summary>Shared memory and tmpfs.</summary>
    public required long ShmemPages { get; init; }
    /// <summary>Slab pages.</summary>
    public required long SlabPages { get; init; }
    /// <summary>Kernel stacks.</summary>
    public required long StackPages { get; init; }
    /// <summary>Page tables, the top ones included.</summary>
    public required long TablePages { get; init; }
    /// <summary>Pages charged in advance that wait on CPUs.</summary>
    public required long StockPages { get; init; }
    /// <summary>Buffers of sockets (v2; v1 counts them apart).</summary>
    public required long SocketPages { get; init; }
    /// <summary>Open sockets.</summary>
    public required long Sockets { get; init; }
    /// <summary>css_sets of zombies.</summary>
    public required int CssSets { get; init; }
    /// <summary>Memory cgroups below it that are dying, too.</summary>
    public required int Children { get; init; }
    /// <summary>What it costs by itself, in bytes: structure and counters of all CPUs.</summary>
    public required long OwnBytes { get; init; }

    /// <summary>Pages that are charged to it.</summary>
    public long Pages => AnonPages + FilePages + ShmemPages + SlabPages + StackPages + TablePages + SocketPages + StockPages;

    internal static DyingCgroup Of(Machine machine, MemCgroup memcg)
    {
        MemcgStats stats = memcg.Stats;
        long slab = machine.Slab.PagesOf(memcg);
        long stacks = stats.Exact(MemcgStat.KernelStack);
        long shmem = stats.Exact(MemcgStat.Shmem);
        return new DyingCgroup
        {
            Path = memcg.Cgroup.Path,
            Serial = memcg.Serial,
            RemovedNs = memcg.Cgroup.RemovedNs,
            AnonPages = stats.Exact(MemcgStat.Anon),
            FilePages = stats.Exact(MemcgStat.File) - shmem,
            ShmemPages = shmem,
            SlabPages = slab,
            StackPages = stacks,
            TablePages = stats.Exact(MemcgStat.Kernel) - slab - stacks,
            StockPages = machine.Stock.PagesOf(memcg),
            SocketPages = stats.Exact(MemcgStat.Sock),
            Sockets = memcg.Sockets,
            CssSets = machine.CssSets.HoldersOf(memcg),
            Children = memcg.Children.Count,
            OwnBytes = machine.MemcgMemory.BytesEach,
        };
    }
}
