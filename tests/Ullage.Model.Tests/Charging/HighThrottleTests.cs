using Ullage.Model.AddressSpace;
using Ullage.Model.Charging;

namespace Ullage.Model.Tests.Charging;

/// <summary>§2.6: the delay curve of memory.high.</summary>
public sealed class HighThrottleTests
{
    [Theory]
    [InlineData(1000, new[] { 0, 6, 25, 57, 102, 159, 230, 313, 409, 518, 639, 774, 921, 1081, 1254, 1439, 1638, 1849, 2000, 2000 })]
    [InlineData(250, new[] { 0, 4, 24, 56, 100, 156, 228, 312, 408, 516, 636, 772, 920, 1080, 1252, 1436, 1636, 1848, 2000, 2000 })]
    public void Section2_6_DelayCurve(int hz, int[] milliseconds)
    {
        const long high = 25600;
        for (int over = 0; over < milliseconds.Length; over++)
        {
            long overage = HighThrottle.Overage(high + (over * 256L), high);
            long jiffies = HighThrottle.Penalty(overage, 64, 64, hz);
            (jiffies * 1000 / hz).ShouldBe(milliseconds[over], $"{100 + over}M at HZ {hz}");
        }
    }

    [Fact]
    public void Section13_7_Penalty()
    {
        HighThrottle.Penalty(HighThrottle.Overage(26112, 25600), 64, 64, 250).ShouldBe(6);
    }

    [Theory]
    [InlineData("5.3", false)]
    [InlineData("5.4", true)]
    [InlineData("6.18", true)]
    public void Section2_6_SleepsFromTheEraThatHasIt(string era, bool sleeps)
    {
        Machine machine = Workloads.Boot(era, 2);
        Model.Cgroups.Cgroup cgroup = machine.Make("/h");
        cgroup.Memcg.High = 2560;
        TaskStruct task = machine.Enter(cgroup);
        machine.Grow(task, 3000, out FaultOutcome last).ShouldBe(3000);
        last.ShouldBe(FaultOutcome.Ok);
        cgroup.Memcg.Events(MemcgEvent.High).ShouldBeGreaterThan(0);
        (machine.StalledNs > 0).ShouldBe(sleeps);
    }
}
