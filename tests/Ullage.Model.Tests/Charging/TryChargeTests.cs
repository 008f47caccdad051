using Ullage.Abi;
using Ullage.Model.Cgroups;
using Ullage.Model.Charging;

namespace Ullage.Model.Tests.Charging;

/// <summary>§1.2, §2.1, §2.2, §13.2, §13.7: single-page charges, stock and failcnt step by step, in every era.</summary>
public sealed class TryChargeTests
{
    private static (Machine Machine, MemCgroup Memcg) Fresh(string era, long limit, int version = 1)
    {
        Machine machine = Workloads.Boot(era, version, cpus: 1, swapAccounting: false);
        Cgroup cgroup = machine.Make("/c", limit);
        TaskStruct task = machine.Spawn(new SpawnOptions { Comm = "t" });
        machine.Attach(cgroup, task.Pid, wholeProcess: true);
        machine.As(task);
        return (machine, cgroup.Memcg);
    }

    private static ChargeStatus ChargeOne(Machine machine, MemCgroup memcg) => machine.Charge.Charge(memcg, Gfp.Kernel, 1);

    [Theory]
    [MemberData(nameof(Workloads.Eras), MemberType = typeof(Workloads))]
    public void Section13_7_UsageMovesByBatches(string era)
    {
        (Machine machine, MemCgroup memcg) = Fresh(era, 25600);
        int batch = machine.Era.Charging.Batch;
        for (int k = 1; k <= 25600; k++)
        {
            ChargeOne(machine, memcg).ShouldBe(ChargeStatus.Charged);
            long expected = (long)batch * ((k + batch - 1) / batch);
            if (memcg.Memory.Usage != expected || memcg.Memory.Watermark != expected)
            {
                memcg.Memory.Usage.ShouldBe(expected, $"after {k} charges");
                memcg.Memory.Watermark.ShouldBe(expected);
            }
        }
        memcg.Memory.Failcnt.ShouldBe(0);
    }

    [Theory]
    [MemberData(nameof(Workloads.Eras), MemberType = typeof(Workloads))]
    public void Section13_7_LimitThatIsNoMultipleOfTheBatch(string era)
    {
        (Machine machine, MemCgroup memcg) = Fresh(era, 100);
        int batch = machine.Era.Charging.Batch;
        int whole = 100 / batch * batch;
        for (int k = 1; k <= whole; k++)
        {
            ChargeOne(machine, memcg);
        }
        memcg.Memory.Failcnt.ShouldBe(0);
        for (int k = whole + 1; k <= 100; k++)
        {
            ChargeOne(machine, memcg).ShouldBe(ChargeStatus.Charged);
            memcg.Memory.Failcnt.ShouldBe(k - whole, "each single page tries a batch first");
        }
        memcg.EventsLocal(MemcgEvent.Max).ShouldBe(0);
        machine.Charge.Charge(memcg, Gfp.NoWait, 1).ShouldBe(ChargeStatus.NoMem);
        memcg.Memory.Failcnt.ShouldBe(100 - whole + 2, "the first refused page costs the batch and the page");
        memcg.EventsLocal(MemcgEvent.Max).ShouldBe(0, "an atomic failure raises no event");
        machine.Charge.Charge(memcg, Gfp.Kernel | Gfp.NoRetry, 1).ShouldBe(ChargeStatus.NoMem);
        memcg.EventsLocal(MemcgEvent.Max).ShouldBe(2, "before and after the stocks are drained");
    }

    [Theory]
    [InlineData("4.1", 7, 8)]
    [InlineData("4.15", 7, 8)]
    public void Section13_7_RetriesOfTheOldErasOutsideAFault(string era, long maxEvents, long failcnt)
    {
        (Machine machine, MemCgroup memcg) = Fresh(era, 96);
        Fill(machine, memcg, 96);
        ChargeOne(machine, memcg).ShouldBe(ChargeStatus.NoMem, "no OOM kill in a system call (§8.1)");
        memcg.EventsLocal(MemcgEvent.Max).ShouldBe(maxEvents);
        memcg.Memory.Failcnt.ShouldBe(failcnt);
        memcg.EventsLocal(MemcgEvent.Oom).ShouldBe(1);
        memcg.EventsLocal(MemcgEvent.OomKill).ShouldBe(0);
    }

    [Theory]
    [InlineData("4.19", 5)]
    [InlineData("5.3", 5)]
    [InlineData("5.4", 5)]
    [InlineData("5.10", 16)]
    [InlineData("6.1", 16)]
    [InlineData("6.12", 16)]
    [InlineData("6.18", 16)]
    public void Section2_3_NobodyToKill(string era, int retries)
    {
        (Machine machine, MemCgroup memcg) = Fresh(era, 128);
        machine.Current!.Signal.OomScoreAdj = -1000;
        Fill(machine, memcg, 128);
        bool forces = machine.Era.Charging.WhenOomFails == Eras.OomFailure.Force;
        ChargeOne(machine, memcg).ShouldBe(forces ? ChargeStatus.Charged : ChargeStatus.NoMem);
        memcg.EventsLocal(MemcgEvent.Max).ShouldBe(retries + 2);
        memcg.Memory.Failcnt.ShouldBe(retries + 3);
        memcg.Memory.Usage.ShouldBe(forces ? 129 : 128);
        memcg.EventsLocal(MemcgEvent.OomKill).ShouldBe(0);
    }

    [Theory]
    [MemberData(nameof(Workloads.Eras), MemberType = typeof(Workloads))]
    public void Section2_3_DyingTask(string era)
    {
        (Machine machine, MemCgroup memcg) = Fresh(era, 128);
        Fill(machine, memcg, 128);
        machine.Current!.FatalSignalPending = true;
        ChargeStatus status = ChargeOne(machine, memcg);
        switch (machine.Era.Charging.DyingTask)
        {
            case Eras.DyingTaskCharge.Bypass:
                status.ShouldBe(ChargeStatus.Bypass);
                memcg.Memory.Usage.ShouldBe(128);
                break;
            case Eras.DyingTaskCharge.Force:
                status.ShouldBe(ChargeStatus.Charged);
                memcg.Memory.Usage.ShouldBe(129);
                memcg.EventsLocal(MemcgEvent.Max).ShouldBe(0);
                break;
            default:
                status.ShouldBe(ChargeStatus.NoMem);
                memcg.Memory.Usage.ShouldBe(128);
                break;
        }
    }

    [Theory]
    [InlineData("4.15", false)]
    [InlineData("5.4", true)]
    [InlineData("5.10", true)]
    [InlineData("6.1", false)]
    public void Section2_3_AtomicForcesOnlyWhereTheEraHasIt(string era, bool forces)
    {
        (Machine machine, MemCgroup memcg) = Fresh(era, 128);
        Fill(machine, memcg, 128);
        machine.Charge.Charge(memcg, Gfp.Atomic, 1).ShouldBe(forces ? ChargeStatus.Charged : ChargeStatus.NoMem);
    }

    [Theory]
    [InlineData("5.10", false, 0)]
    [InlineData("6.1", true, 1)]
    [InlineData("6.18", true, 1)]
    public void Section2_2_Step16_HighPriorityForces(string era, bool forces, long maxEvents)
    {
        (Machine machine, MemCgroup memcg) = Fresh(era, 128);
        Fill(machine, memcg, 128);
        machine.Charge.Charge(memcg, Gfp.High, 1).ShouldBe(forces ? ChargeStatus.Charged : ChargeStatus.NoMem);
        memcg.EventsLocal(MemcgEvent.Max).ShouldBe(maxEvents, "a force that raised no event raises it now (6.1+)");
    }

    [Theory]
    [InlineData("4.1", ChargeStatus.Bypass)]
    [InlineData("4.15", ChargeStatus.Charged)]
    [InlineData("5.4", ChargeStatus.Charged)]
    public void Section2_3_NofailIsNeverRefused(string era, object expected)
    {
        (Machine machine, MemCgroup memcg) = Fresh(era, 128);
        machine.Current!.Signal.OomScoreAdj = -1000;
        Fill(machine, memcg, 128);
        machine.Charge.Charge(memcg, Gfp.Kernel | Gfp.NoFail, 1).ShouldBe((ChargeStatus)expected);
    }

    [Theory]
    [MemberData(nameof(Workloads.Eras), MemberType = typeof(Workloads))]
    public void Section13_2_OnePageShowsAWholeBatchUntilDrained(string era)
    {
        (Machine machine, MemCgroup memcg) = Fresh(era, 25600);
        ChargeOne(machine, memcg);
        memcg.Memory.Usage.ShouldBe(machine.Era.Charging.Batch);
        machine.Charge.DrainAllStock(memcg);
        memcg.Memory.Usage.ShouldBe(1);
    }

    [Theory]
    [InlineData("6.12", 1)]
    [InlineData("6.18", 7)]
    public void Section2_1_StockSlots(string era, int slots)
    {
        Machine machine = Workloads.Boot(era, 2, cpus: 1);
        MemCgroup[] groups = [.. Enumerable.Range(0, 8).Select(i => machine.Make("/g" + i).Memcg)];
        foreach (MemCgroup memcg in groups)
        {
            ChargeOne(machine, memcg);
        }
        groups.Count(memcg => machine.Stock.PagesOf(memcg) == 63).ShouldBe(slots);
    }

    [Theory]
    [MemberData(nameof(Workloads.Eras), MemberType = typeof(Workloads))]
    public void Section1_2_RefusalAboveKeepsWatermarksBelow(string era)
    {
        Machine machine = Workloads.Boot(era, 1, cpus: 1, swapAccounting: false);
        MemCgroup parent = machine.Make("/p", 10).Memcg;
        MemCgroup child = machine.Make("/p/c").Memcg;
        child.Memory.TryCharge(32).ShouldBe(parent.Memory);
        child.Memory.Usage.ShouldBe(0);
        child.Memory.Watermark.ShouldBe(32, "E8: max_usage of a child may exceed the parent's limit by one batch");
        parent.Memory.Failcnt.ShouldBe(1);
        child.Memory.Failcnt.ShouldBe(0);
        child.Memory.TryCharge(10).ShouldBeNull("exactly the limit is allowed");
    }

    [Fact]
    public void Section1_4_SetMaxBelowUsageIsBusy()
    {
        (Machine machine, MemCgroup memcg) = Fresh("6.1", 100);
        Fill(machine, memcg, 50);
        memcg.Memory.TrySetMax(memcg.Memory.Usage - 1).ShouldBe(Errno.EBUSY);
        memcg.Memory.Max.ShouldBe(100);
        memcg.Memory.TrySetMax(memcg.Memory.Usage).ShouldBe(Errno.None);
    }

    [Theory]
    [InlineData("5.10", 1, true)]
    [InlineData("6.18", 1, true)]
    [InlineData("6.12", 2, true)]
    [InlineData("6.18", 2, false)]
    public void Section1_1_FailcntCountsOnlyOnV1From6_18(string era, int version, bool counts)
    {
        (Machine machine, MemCgroup memcg) = Fresh(era, 10, version);
        machine.Charge.Charge(memcg, Gfp.NoWait, 11).ShouldBe(ChargeStatus.NoMem);
        memcg.Memory.Failcnt.ShouldBe(counts ? 2 : 0, "the batch and the pages themselves");
    }

    [Theory]
    [InlineData("5.10", true)]
    [InlineData("6.1", false)]
    public void Section1_1_WithoutHierarchyTheParentsLimitHasNoEffect(string era, bool possible)
    {
        Machine machine = Machine.Boot(new MachineOptions { Era = Workloads.Era(era), CgroupVersion = 1, RootUseHierarchy = false, Cpus = 1 });
        MemCgroup parent = machine.Make("/p", 10).Memcg;
        MemCgroup child = machine.Make("/p/c").Memcg;
        (child.Memory.TryCharge(32) is null).ShouldBe(possible);
    }

    private static void Fill(Machine machine, MemCgroup memcg, int pages)
    {
        for (int i = 0; i < pages; i++)
        {
            ChargeOne(machine, memcg).ShouldBe(ChargeStatus.Charged);
        }
    }
}
