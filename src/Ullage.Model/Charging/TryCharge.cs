using Ullage.Abi;
using Ullage.Model.Eras;
using Ullage.Model.Oom;
using Ullage.Model.Tracing;

namespace Ullage.Model.Charging;

/// <summary>What a charge came to.</summary>
internal enum ChargeStatus
{
    /// <summary>Charged, perhaps beyond the limit.</summary>
    Charged,
    /// <summary>-ENOMEM.</summary>
    NoMem,
    /// <summary>-EINTR (4.1): the caller charges the root, or forces.</summary>
    Bypass,
}

/// <summary>
/// The charge path (§2.2, §2.3). A charge is served from the CPU's stock, else a whole batch is taken from the counters,
/// else single pages; a refusal leads to reclaim, drained stocks, retries, and in the end to the OOM killer. Each round
/// costs one failed attempt of the limiting counter, which is why failcnt and the max event tell the era's retry count:
/// with nothing to reclaim 4.15 ends at failcnt 8, and 5.10 at 19, then kills, and the victim itself adds 17 more.
/// </summary>
[Kernel("try_charge_memcg", "mm/memcontrol.c", Deviation = "A migration runs to its end in one call, so nobody waits for charge moving (step 13).")]
internal sealed class TryCharge
{
    private readonly Machine _machine;
    private readonly ChargingRules _rules;

    public TryCharge(Machine machine)
    {
        _machine = machine;
        _rules = machine.Era.Charging;
    }

    /// <summary>What one charge remembers between its rounds.</summary>
    private struct Attempt
    {
        public required MemCgroup Memcg;
        public required Gfp Gfp;
        public required int Pages;
        public int Batch;
        public int Retries;
        public bool Drained;
        public bool MaySwap;
        public bool PassedOom;
        public bool RaisedMax;
    }

    private enum Verdict
    {
        Retry,
        NoMem,
        Force,
        Bypass,
    }

    /// <summary>Charges <paramref name="pages"/> to <paramref name="memcg"/>.</summary>
    public ChargeStatus Charge(MemCgroup memcg, Gfp gfp, int pages)
    {
        if (memcg.IsRoot || _machine.Stock.Consume(_machine.CurrentCpu, memcg, pages))
        {
            return ChargeStatus.Charged;
        }
        return ChargeSlow(memcg, gfp, pages);
    }

    private ChargeStatus ChargeSlow(MemCgroup memcg, Gfp gfp, int pages)
    {
        Attempt a = new()
        {
            Memcg = memcg, Gfp = gfp, Pages = pages,
            Batch = Math.Max(_rules.Batch, pages), Retries = _rules.ReclaimRetries, MaySwap = true,
        };
        while (true)
        {
            if (_machine.Stock.Consume(_machine.CurrentCpu, memcg, pages))
            {
                return ChargeStatus.Charged;
            }
            MemCgroup? over = ChargeCounters(ref a);
            if (over is null)
            {
                return Done(ref a);
            }
            if (a.Batch > pages)
            {
                a.Batch = pages; // so each shortage costs two counter attempts (step 4)
                continue;
            }
            switch (Shortage(ref a, over))
            {
                case Verdict.Retry:
                    continue;
                case Verdict.NoMem:
                    return NoMem(ref a, over);
                case Verdict.Force:
                    return Force(ref a, over);
                default:
                    return ChargeStatus.Bypass;
            }
        }
    }

    /// <summary>Step 3: memory+swap first, then memory. Answers the cgroup whose limit refused; null when charged.</summary>
    private MemCgroup? ChargeCounters(ref Attempt a)
    {
        if (_machine.MemswCounts)
        {
            NoteCounter();
            if (a.Memcg.Memsw.TryCharge(a.Batch) is { } memsw)
            {
                a.MaySwap = false; // swapping cannot lower memory+swap
                return memsw.Owner;
            }
        }
        NoteCounter();
        PageCounter? memory = a.Memcg.Memory.TryCharge(a.Batch);
        if (memory is not null && _machine.MemswCounts)
        {
            a.Memcg.Memsw.Uncharge(a.Batch);
        }
        return memory?.Owner;
    }

    private void NoteCounter()
    {
        if (_machine.Probes.Any)
        {
            _machine.Probes.Hit(KernelFunction.PageCounterTryCharge);
        }
    }

    private ChargeStatus Done(ref Attempt a)
    {
        if (a.Batch > a.Pages)
        {
            _machine.Stock.Refill(_machine.CurrentCpu, a.Memcg, a.Batch - a.Pages);
        }
        _machine.High.AfterCharge(a.Memcg, a.Gfp, a.Batch);
        return ChargeStatus.Charged;
    }

    private Verdict Shortage(ref Attempt a, MemCgroup over) =>
        EarlyExit(ref a) is { } exit ? exit : Reclaim(ref a, over) ? Verdict.Retry : OutOfRetries(ref a, over);

    /// <summary>Steps 5 and 6.</summary>
    private Verdict? EarlyExit(ref Attempt a)
    {
        TaskStruct? task = _machine.Current;
        if (_rules.AtomicForces && (a.Gfp & Gfp.Atomic) != 0)
        {
            return Verdict.Force;
        }
        if (task is { IsDying: true } && _rules.DyingTask != DyingTaskCharge.Normal)
        {
            return _rules.DyingTask == DyingTaskCharge.Bypass ? Verdict.Bypass : Verdict.Force;
        }
        if (_rules.MemallocForces && task is { Memalloc: true })
        {
            return Verdict.Force;
        }
        if (task?.MemcgInOom is not null || (a.Gfp & Gfp.Blocking) == 0)
        {
            return Verdict.NoMem;
        }
        return null;
    }

    /// <summary>Steps 7 to 14. True = try again.</summary>
    private bool Reclaim(ref Attempt a, MemCgroup over)
    {
        over.RaiseEvent(MemcgEvent.Max);
        a.RaisedMax = true;
        long reclaimed = _machine.Reclaim.Stalling(new Reclaim.ScanControl(over, a.Pages, a.MaySwap, a.Gfp));
        if (over.Margin(_machine.MemswCounts) >= a.Pages)
        {
            return true;
        }
        if (!a.Drained)
        {
            DrainAllStock(over);
            a.Drained = true;
            return true;
        }
        if ((a.Gfp & Gfp.NoRetry) != 0)
        {
            return false;
        }
        const int costlyPages = 8;
        return (reclaimed > 0 && a.Pages <= costlyPages) || a.Retries-- > 0;
    }

    /// <summary>Drains every CPU's stock of a subtree: this CPU at once, the others by a work item (§2.1).</summary>
    [Kernel("drain_all_stock", "mm/memcontrol.c")]
    internal void DrainAllStock(MemCgroup root)
    {
        for (int cpu = 0; cpu < _machine.Options.Cpus; cpu++)
        {
            if (!_machine.Stock.Holds(cpu, root) && !_machine.Slab.StockHolds(cpu, root))
            {
                continue;
            }
            if (cpu == _machine.CurrentCpu)
            {
                DrainLocalStock(cpu);
                continue;
            }
            DrainRemoteStock(cpu);
        }
    }

    private void DrainRemoteStock(int cpu) => _machine.Work.Add(_machine.TimeNs + _machine.Costs.WorkItemNs, () =>
    {
        _machine.CurrentCpu = cpu;
        DrainLocalStock(cpu);
    });

    [Kernel("drain_local_stock", "mm/memcontrol.c")]
    private void DrainLocalStock(int cpu)
    {
        _machine.Slab.DrainStock(cpu);
        _machine.Stock.DrainCpu(cpu);
    }

    /// <summary>Step 15, and step 11 on its way to step 16.</summary>
    private Verdict OutOfRetries(ref Attempt a, MemCgroup over)
    {
        if ((a.Gfp & Gfp.NoRetry) != 0 || GivesUpForRetryMayFail(ref a))
        {
            return Verdict.NoMem;
        }
        TaskStruct? task = _machine.Current;
        if (_rules.DyingGivesUpAfterOom)
        {
            if (a.PassedOom && task is { IsDying: true })
            {
                return Verdict.NoMem;
            }
        }
        else if ((a.Gfp & Gfp.NoFail) != 0 || task is { FatalSignalPending: true })
        {
            return _rules.LastResort == ChargeLastResort.Bypass ? Verdict.Bypass : Verdict.Force;
        }
        return CallOom(ref a, over);
    }

    private bool GivesUpForRetryMayFail(ref Attempt a) => (a.Gfp & Gfp.RetryMayFail) != 0 && _rules.RetryMayFail switch
    {
        RetryMayFailRule.BeforeOom => true,
        RetryMayFailRule.AfterOom => a.PassedOom,
        _ => false,
    };

    private Verdict CallOom(ref Attempt a, MemCgroup over)
    {
        int order = a.Pages <= 1 ? 0 : 32 - int.LeadingZeroCount(a.Pages - 1);
        switch (_machine.Oom.MemcgOom(over, a.Gfp, order))
        {
            case MemcgOomResult.Success:
                a.PassedOom = true;
                a.Retries = _rules.ReclaimRetries;
                return Verdict.Retry;
            case MemcgOomResult.Failed when _rules.WhenOomFails == OomFailure.Force:
                return Verdict.Force;
            default:
                return Verdict.NoMem;
        }
    }

    /// <summary>Step 16.</summary>
    private ChargeStatus NoMem(ref Attempt a, MemCgroup over)
    {
        bool mustSucceed = (a.Gfp & Gfp.NoFail) != 0 || (_rules.HighForces && (a.Gfp & Gfp.High) != 0);
        if (!mustSucceed)
        {
            return ChargeStatus.NoMem;
        }
        return _rules.LastResort == ChargeLastResort.Bypass ? ChargeStatus.Bypass : Force(ref a, over);
    }

    /// <summary>Step 17: beyond the limit.</summary>
    private ChargeStatus Force(ref Attempt a, MemCgroup over)
    {
        if (_rules.ForceRaisesMaxEvent && !a.RaisedMax)
        {
            over.RaiseEvent(MemcgEvent.Max);
        }
        ForceCharge(a.Memcg, a.Pages);
        return ChargeStatus.Charged;
    }

    /// <summary>Charges without looking at limits.</summary>
    internal void ForceCharge(MemCgroup memcg, int pages)
    {
        if (memcg.IsRoot)
        {
            return;
        }
        memcg.Memory.Charge(pages);
        if (_machine.MemswCounts)
        {
            memcg.Memsw.Charge(pages);
        }
    }

    /// <summary>Takes pages straight from the counters and wakes those who wait for room (§2.17).</summary>
    [Kernel("cancel_charge", "mm/memcontrol.c")]
    internal void Uncharge(MemCgroup memcg, int pages)
    {
        if (memcg.IsRoot || pages == 0)
        {
            return;
        }
        memcg.Memory.Uncharge(pages);
        if (_machine.MemswCounts)
        {
            memcg.Memsw.Uncharge(pages);
        }
        _machine.Oom.Recover(memcg);
    }
}
