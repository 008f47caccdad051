using Ullage.Model.AddressSpace;
using Ullage.Model.Charging;
using Ullage.Model.Cgroups;

namespace Ullage.Model.Tests.Charging;

/// <summary>Ground truth E3: anonymous growth until the kill, and the retry arithmetic of failcnt and events.</summary>
public sealed class GrowthToOomTests
{
    [Theory]
    [InlineData("4.1", 25600 - 1)] // kmem is not accounted: only the worker's own page is missing
    [InlineData("4.15", 25548)]
    [InlineData("4.19", 25548)]
    [InlineData("5.3", 25548)]
    [InlineData("5.4", 25548)]
    [InlineData("5.10", 25548)]
    [InlineData("6.1", 25548)]
    [InlineData("6.12", 25548)]
    [InlineData("6.18", 25548)]
    public void Grow100MTouchesWhatTheKernelTouched(string era, long pages)
    {
        foreach (int version in new[] { 1, 2 })
        {
            Machine machine = Workloads.Boot(era, version);
            TaskStruct task = machine.Enter(machine.Make("/e3", 25600));
            machine.Grow(task, 30000, out FaultOutcome last).ShouldBe(pages);
            last.ShouldBe(FaultOutcome.Killed);
        }
    }

    [Theory]
    [InlineData("4.1", 8, 25600)]
    [InlineData("4.15", 8, 25600)]
    [InlineData("4.19", 9, 25601)] // the victim's own charge is forced
    [InlineData("5.3", 9, 25601)]
    [InlineData("5.4", 9, 25601)]
    [InlineData("5.10", 36, 25600)]
    [InlineData("6.1", 36, 25600)]
    [InlineData("6.12", 36, 25600)]
    [InlineData("6.18", 36, 25600)]
    public void Grow100MFailcntIsTheRetryArithmetic(string era, long failcnt, long watermark)
    {
        Machine machine = Workloads.Boot(era, 1, swapAccounting: false);
        Cgroup cgroup = machine.Make("/e3", 25600);
        machine.Grow(machine.Enter(cgroup), 30000, out _);
        cgroup.Memcg.Memory.Failcnt.ShouldBe(failcnt);
        cgroup.Memcg.Memory.Watermark.ShouldBe(watermark);
    }

    [Theory]
    [InlineData("5.10")]
    [InlineData("6.1")]
    [InlineData("6.12")]
    [InlineData("6.18")]
    public void Grow100MEventsAreTheRetryArithmetic(string era)
    {
        Machine machine = Workloads.Boot(era, 2);
        Cgroup cgroup = machine.Make("/e3", 25600);
        machine.Grow(machine.Enter(cgroup), 30000, out _);
        cgroup.Memcg.Events(MemcgEvent.Max).ShouldBe(35);
        cgroup.Memcg.Events(MemcgEvent.Oom).ShouldBe(1);
        cgroup.Memcg.Events(MemcgEvent.OomKill).ShouldBe(1);
    }
}
