using Ullage.Abi;
using Ullage.Model.Eras;
using Ullage.Model.Tracing;

namespace Ullage.Model.Charging;

/// <summary>
/// Kernel memory charged by the page: stacks, page tables, slab pages (§2.13). Which counters are asked, in which order,
/// and whether the kmem limit can refuse is the era's. No path here reclaims because of the kmem limit alone.
/// </summary>
[Kernel("__memcg_kmem_charge_page", "mm/memcontrol.c")]
internal sealed class KmemAccounting
{
    private readonly Machine _machine;
    private readonly KmemRules _rules;

    public KmemAccounting(Machine machine)
    {
        _machine = machine;
        _rules = machine.Era.Kmem;
    }

    /// <summary>True when kernel memory of this cgroup's tasks is charged at all.</summary>
    [Kernel("memcg_kmem_online", "include/linux/memcontrol.h")]
    public bool Accounts(MemCgroup memcg) => !memcg.IsRoot && (_rules.Activation == KmemActivation.Always || memcg.KmemActive);

    /// <summary>Charges kernel pages. False = -ENOMEM, nothing charged. The caller asked <see cref="Accounts"/> first.</summary>
    public bool TryCharge(MemCgroup memcg, Gfp gfp, int pages, MemcgStat kind)
    {
        ChargedThing outer = _machine.Path.Thing;
        _machine.Path.Thing = kind switch { MemcgStat.PageTables => ChargedThing.Table, MemcgStat.KernelStack => ChargedThing.Stack, _ => ChargedThing.Slab };
        bool charged = _rules.Order switch
        {
            KmemOrder.KmemFirst => KmemThenMemory(memcg, gfp, pages),
            KmemOrder.MemoryFirst => MemoryThenKmem(memcg, gfp, pages),
            _ => MemoryOnly(memcg, gfp, pages),
        };
        _machine.Path.Thing = outer;
        if (charged)
        {
            memcg.References += pages;
            Count(memcg, kind, pages);
        }
        return charged;
    }

    private bool KmemThenMemory(MemCgroup memcg, Gfp gfp, int pages)
    {
        NoteKmemCounter();
        if (memcg.Kmem.TryCharge(pages) is not null)
        {
            return false;
        }
        switch (_machine.Charge.Charge(memcg, gfp, pages))
        {
            case ChargeStatus.Bypass:
                _machine.Charge.ForceCharge(memcg, pages); // §2.4: kmem is never left to the root
                return true;
            case ChargeStatus.NoMem:
                memcg.Kmem.Uncharge(pages);
                return false;
            default:
                return true;
        }
    }

    private bool MemoryThenKmem(MemCgroup memcg, Gfp gfp, int pages)
    {
        if (_machine.Charge.Charge(memcg, gfp, pages) != ChargeStatus.Charged)
        {
            return false;
        }
        if (!memcg.IsV1)
        {
            return true;
        }
        NoteKmemCounter();
        if (memcg.Kmem.TryCharge(pages) is null)
        {
            return true;
        }
        if (_rules.NofailExceedsKmemLimit && (gfp & Gfp.NoFail) != 0)
        {
            memcg.Kmem.Charge(pages);
            return true;
        }
        _machine.Charge.Uncharge(memcg, pages); // back to the counters, not to the stock
        return false;
    }

    private void NoteKmemCounter()
    {
        if (_machine.Probes.Any)
        {
            _machine.Path.KmemCounter = true;
            _machine.Probes.Hit(KernelFunction.PageCounterTryCharge);
            _machine.Path.KmemCounter = false;
        }
    }

    private bool MemoryOnly(MemCgroup memcg, Gfp gfp, int pages)
    {
        if (_machine.Charge.Charge(memcg, gfp, pages) != ChargeStatus.Charged)
        {
            return false;
        }
        if (memcg.IsV1)
        {
            memcg.Kmem.Charge(pages);
        }
        return true;
    }

    /// <summary>Takes back what <see cref="TryCharge"/> charged.</summary>
    public void Uncharge(MemCgroup memcg, int pages, MemcgStat kind)
    {
        if (memcg.IsV1)
        {
            memcg.Kmem.Uncharge(pages);
        }
        Count(memcg, kind, -pages);
        if (memcg.IsRoot)
        {
            UnchargeRoot(memcg, pages); // inherited from a removed child
        }
        else if (_rules.UnchargeToStock)
        {
            _machine.Stock.Refill(_machine.CurrentCpu, memcg, pages);
        }
        else
        {
            _machine.Charge.Uncharge(memcg, pages);
        }
        _machine.Hierarchy.Put(memcg, pages);
    }

    private void UnchargeRoot(MemCgroup root, int pages)
    {
        root.Memory.Uncharge(pages);
        if (_machine.MemswCounts)
        {
            root.Memsw.Uncharge(pages);
        }
    }

    /// <summary>
    /// Pages of a removed cgroup are given back through another one from now on (§5.4). Nothing is charged anew: the heir's
    /// counters have them already; the removed one's own keep a residue.
    /// </summary>
    [Kernel("reparent_kmem", "mm/memcontrol.c")]
    public void Reparent(MemCgroup from, MemCgroup to, long pages)
    {
        from.ReparentedPages += pages;
        from.Stats.Add(_machine.CurrentCpu, MemcgStat.Kernel, (int)-pages);
        to.Stats.Add(_machine.CurrentCpu, MemcgStat.Kernel, (int)pages);
        to.References += pages;
        _machine.Hierarchy.Put(from, pages);
    }

    /// <summary>Stacks and page tables are charged through obj_cgroups, so those of a removed cgroup whose tasks moved away are its parent's (5.12+, §5.3).</summary>
    [Kernel("memcg_reparent_objcgs", "mm/memcontrol.c")]
    public void ReparentKernelPages(MemCgroup from)
    {
        MemCgroup to = from.HierarchyParent!;
        long stacks = from.Stats.Exact(MemcgStat.KernelStack);
        long tables = from.Stats.Exact(MemcgStat.PageTables);
        long tops = 0;
        foreach (TaskStruct task in _machine.Tasks.All)
        {
            task.StackMemcg = task.StackMemcg == from ? to : task.StackMemcg;
            if (task.Mm is { } mm && mm.PgdMemcg == from)
            {
                mm.PgdMemcg = to;
                tops += _rules.PgdPages;
            }
        }
        if (tables > 0)
        {
            _machine.Frames.Recharge(Pages.PageFlags.Kernel, from.Id, to.Id);
        }
        MoveStat(from, to, MemcgStat.KernelStack, stacks);
        MoveStat(from, to, MemcgStat.PageTables, tables);
        Reparent(from, to, stacks + tables + tops);
    }

    private void MoveStat(MemCgroup from, MemCgroup to, MemcgStat stat, long pages)
    {
        from.Stats.Add(_machine.CurrentCpu, stat, (int)-pages);
        to.Stats.Add(_machine.CurrentCpu, stat, (int)pages);
    }

    private void Count(MemCgroup memcg, MemcgStat kind, int pages)
    {
        memcg.Stats.Add(_machine.CurrentCpu, MemcgStat.Kernel, pages);
        if (kind != MemcgStat.Kernel)
        {
            memcg.Stats.Add(_machine.CurrentCpu, kind, pages);
        }
    }
}
