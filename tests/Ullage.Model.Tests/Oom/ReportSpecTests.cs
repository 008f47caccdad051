using Ullage.Model.Cgroups;

namespace Ullage.Model.Tests.Oom;

/// <summary>Reports of kernels that were not measured, against texts written down from the specification (§8.6, §12.7).</summary>
public sealed class ReportSpecTests
{
    [Theory]
    [InlineData("4.1-v1")]
    [InlineData("4.19-v1")]
    [InlineData("5.3-v2")]
    public void HolderAndGrowerPrintWhatTheSpecificationSays(string kernel)
    {
        ReportHost host = new(kernel);
        Cgroup cgroup = host.Make("/gt/e3", 100);
        host.Hold(cgroup, 60);
        host.GrowToKill(cgroup);
        host.Log.ShouldPrintLike(ReportText.Comparable(ReportText.Measured($"spec-{kernel}-holder60M")));
    }
}
