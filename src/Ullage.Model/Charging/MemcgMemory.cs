using Ullage.Abi;
using Ullage.Abi.Units;
using Ullage.Model.Eras;
using Ullage.Model.Pages;

namespace Ullage.Model.Charging;

/// <summary>
/// What memory cgroups themselves cost, dying ones included (§5.5): a structure, and counters for every possible CPU, which are most of it. With
/// 64 CPUs a group of 5.4 takes 160 KiB. Frames are taken as the sum grows; like the kernel's per-CPU chunks they are not given back.
/// </summary>
[Kernel("mem_cgroup_alloc", "mm/memcontrol.c", Deviation = "One pool of frames instead of slab and per-CPU chunks; the kernel gives back chunks that happen to become empty.")]
internal sealed class MemcgMemory(Machine machine)
{
    private readonly LifeRules _rules = machine.Era.Life;
    private long _framePages;

    /// <summary>Memory cgroups in memory, the root included.</summary>
    public int Count { get; private set; }

    /// <summary>Bytes of one for all possible CPUs.</summary>
    public long BytesPerCpu => (long)_rules.MemcgBytesPerCpu * machine.Options.PossibleCpus;

    /// <summary>What one memory cgroup costs, in bytes.</summary>
    public long BytesEach => _rules.MemcgBytes + BytesPerCpu;

    /// <summary>What meminfo's Percpu shows: the highest sum so far.</summary>
    public long PercpuPages { get; private set; }

    public void Allocate()
    {
        Count++;
        PercpuPages = Math.Max(PercpuPages, PagesOf(Count * BytesPerCpu));
        for (long wanted = PagesOf(Math.Max(0, Count - 1) * BytesEach); _framePages < wanted; _framePages++)
        {
            if (machine.Pages.AllocateFast(PageFlags.Kernel) < 0)
            {
                break; // counted all the same: what is short of frames shows elsewhere first
            }
        }
    }

    public void Free(MemCgroup memcg)
    {
        Invariant.Holds(Count > 1 && !memcg.IsRoot);
        Count--;
    }

    private static long PagesOf(long bytes) => (bytes + KernelConstants.PageSize - 1) / KernelConstants.PageSize;
}
