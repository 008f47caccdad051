using Ullage.Abi;
using Ullage.Model.Charging;
using Ullage.Model.Eras;

namespace Ullage.Model;

/// <summary>
/// Kernel stacks: who pays for each (§2.17). Until 4.18 a CPU keeps two freed stacks with the charge of whoever paid first,
/// so that most forks pay for none; later the charge goes with the task.
/// </summary>
[Kernel("alloc_thread_stack_node", "kernel/fork.c")]
internal sealed class KernelStacks
{
    /// <summary>Pages of a stack: THREAD_SIZE is 16 KiB.</summary>
    public const int StackPages = 4;

    private const int CachedStacks = 2; // NR_CACHED_STACKS

    private readonly Machine _machine;
    private readonly KmemRules _rules;
    private readonly List<MemCgroup?>[] _cached; // by CPU: who paid

    public KernelStacks(Machine machine)
    {
        _machine = machine;
        _rules = machine.Era.Kmem;
        _cached = new List<MemCgroup?>[machine.Options.PossibleCpus];
        for (int cpu = 0; cpu < _cached.Length; cpu++)
        {
            _cached[cpu] = _rules.CachedStacksKeepCharge ? [null, null] : []; // booting has started and ended many tasks
        }
    }

    /// <summary>A stack for a new task. False = -ENOMEM.</summary>
    /// <param name="memcg">The forking task's.</param>
    /// <param name="paid">Who pays; null = nobody.</param>
    public bool TryTake(MemCgroup memcg, out MemCgroup? paid)
    {
        List<MemCgroup?> cached = _cached[_machine.CurrentCpu];
        if (cached.Count > 0)
        {
            paid = cached[^1];
            cached.RemoveAt(cached.Count - 1);
            return true;
        }
        paid = null;
        if (!_machine.Kmem.Accounts(memcg))
        {
            return true;
        }
        if (!TryCharge(memcg))
        {
            return false;
        }
        paid = memcg;
        return true;
    }

    /// <summary>Four single pages of a vmalloc area, or one block of four.</summary>
    [Kernel("memcg_charge_kernel_stack", "kernel/fork.c")]
    private bool TryCharge(MemCgroup memcg)
    {
        int step = _rules.VmapStack ? 1 : StackPages;
        for (int charged = 0; charged < StackPages; charged += step)
        {
            if (!_machine.Kmem.TryCharge(memcg, Gfp.KernelAccount, step, MemcgStat.KernelStack))
            {
                if (_rules is { VmapStack: true, CachedStacksKeepCharge: true } && _machine.Current is { } task)
                {
                    _machine.Pages.Warning.StackFailed(task, charged, StackPages); // its pages are charged as they are allocated
                }
                if (charged > 0)
                {
                    _machine.Kmem.Uncharge(memcg, charged, MemcgStat.KernelStack);
                }
                return false;
            }
        }
        return true;
    }

    /// <summary>A task's stack is free.</summary>
    [Kernel("free_thread_stack", "kernel/fork.c")]
    public void Give(MemCgroup? paid)
    {
        List<MemCgroup?> cached = _cached[_machine.CurrentCpu];
        if (_rules.CachedStacksKeepCharge && cached.Count < CachedStacks)
        {
            cached.Add(paid);
        }
        else if (paid is not null)
        {
            _machine.Kmem.Uncharge(paid, StackPages, MemcgStat.KernelStack);
        }
    }

    /// <summary>Stacks that a CPU keeps (tests).</summary>
    internal int KeptOn(int cpu) => _cached[cpu].Count;

    /// <summary>Frees the stacks that a CPU keeps, as when it goes offline. Until then they pin whoever paid for them (§5.3).</summary>
    [Kernel("free_vm_stack_cache", "kernel/fork.c")]
    public void FreeKept(int cpu)
    {
        foreach (MemCgroup? paid in _cached[cpu])
        {
            if (paid is not null)
            {
                _machine.Kmem.Uncharge(paid, StackPages, MemcgStat.KernelStack);
            }
        }
        _cached[cpu].Clear();
    }

    /// <summary>Adds the pages of kept stacks, by memory cgroup id.</summary>
    internal void CountKept(long[] pages)
    {
        foreach (List<MemCgroup?> cached in _cached)
        {
            foreach (MemCgroup? paid in cached)
            {
                if (paid is not null)
                {
                    pages[paid.Id] += StackPages;
                }
            }
        }
    }
}
