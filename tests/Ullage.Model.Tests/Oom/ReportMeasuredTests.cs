using Ullage.Model.Cgroups;

namespace Ullage.Model.Tests.Oom;

/// <summary>Reports of real kernels (E3, E8), record by record: every word and column, numbers masked.</summary>
public sealed class ReportMeasuredTests
{
    public static TheoryData<string> Kernels => ["4.15-v1", "5.4-v1", "5.10-v1", "6.1-v1", "6.1-v2", "6.12-v2", "6.18-v1"];

    public static TheoryData<string> Groups => ["6.1-v2", "6.12-v2"];

    public static TheoryData<string> NotHierarchical => ["4.15-v1", "5.4-v1", "5.10-v1"];

    private static void ShouldMatch(ReportHost host, string file) => host.Log.ShouldPrintLike(ReportText.Comparable(ReportText.Measured(file)));

    [Theory]
    [MemberData(nameof(Kernels))]
    public void OneProcessAtItsLimitPrintsTheKernelsReport(string kernel)
    {
        ReportHost host = new(kernel);
        host.GrowToKill(host.Make("/gt/e3", 100));
        ShouldMatch(host, $"E3-{kernel}-lim100M");
    }

    [Theory]
    [MemberData(nameof(Kernels))]
    public void HolderAndGrowerPrintTwoReports(string kernel)
    {
        ReportHost host = new(kernel);
        Cgroup cgroup = host.Make("/gt/e3", 100);
        host.Hold(cgroup, 60);
        host.GrowToKill(cgroup);
        ShouldMatch(host, $"E3-{kernel}-lim100M-holder60M");
    }

    [Theory]
    [MemberData(nameof(Groups))]
    public void GroupDiesAfterItsVictim(string kernel)
    {
        ReportHost host = new(kernel);
        Cgroup cgroup = host.Make("/gt/e3", 100);
        cgroup.Memcg.OomGroup = true;
        host.Hold(cgroup, 20);
        host.GrowToKill(cgroup);
        ShouldMatch(host, $"E3-{kernel}-lim100M-oomgroup");
    }

    [Theory]
    [MemberData(nameof(Kernels))]
    public void GrandchildNamesBothLimitAndVictim(string kernel)
    {
        ReportHost host = new(kernel);
        host.Make("/gt/e8", 100);
        host.Make("/gt/e8/A");
        host.Make("/gt/e8/B", 60);
        host.GrowToKill(host.Make("/gt/e8/B/g"));
        ShouldMatch(host, $"E8-{kernel}-grand");
    }

    [Theory]
    [MemberData(nameof(Kernels))]
    public void SiblingsOfOneLimitAreAllListed(string kernel)
    {
        ReportHost host = new(kernel);
        host.Make("/gt/e8", 100);
        Cgroup a = host.Make("/gt/e8/A");
        Cgroup b = host.Make("/gt/e8/B");
        host.Hold(a, 70);
        host.GrowToKill(b);
        ShouldMatch(host, $"E8-{kernel}-hold_sibling");
    }

    [Theory]
    [MemberData(nameof(Kernels))]
    public void ParentsLimitNamesTheParent(string kernel)
    {
        ReportHost host = new(kernel);
        host.Make("/gt/e8", 100);
        host.Make("/gt/e8/A");
        host.GrowToKill(host.Make("/gt/e8/B"));
        ShouldMatch(host, $"E8-{kernel}-child_unlimited");
    }

    [Theory]
    [MemberData(nameof(NotHierarchical))]
    public void WithoutHierarchyOnlyTheCgroupItselfIsReported(string kernel)
    {
        ReportHost host = new(kernel, hierarchical: false);
        host.Make("/e8nh", 100);
        host.Make("/e8nh/A");
        host.GrowToKill(host.Make("/e8nh/B", 50));
        ShouldMatch(host, $"E8-{kernel}-child_limited-nohier");
    }
}
