using Ullage.Abi;

namespace Ullage.Model.Tests.Kernfs;

/// <summary>v1 files that are to go say so once, each kernel as its log shows (§2.7, §2.13, §2.14).</summary>
public sealed class DeprecationTests
{
    private const string Report = "Please report your usecase to linux-mm@kvack.org if you depend on this functionality.";

    [Theory]
    [InlineData("4.15", "memory.kmem.limit_in_bytes", "1G", null)]
    [InlineData("5.4", "memory.kmem.limit_in_bytes", "1G", "kmem.limit_in_bytes is deprecated and will be removed. " + Report)]
    [InlineData("6.1", "memory.kmem.limit_in_bytes", "1G", "kmem.limit_in_bytes is deprecated and will be removed. Writing any value to this file has no effect. " + Report)]
    [InlineData("5.4", "memory.move_charge_at_immigrate", "1", null)]
    [InlineData("5.10", "memory.move_charge_at_immigrate", "1", "Cgroup memory moving (move_charge_at_immigrate) is deprecated. " + Report)]
    [InlineData("5.10", "memory.use_hierarchy", "0", null)]
    [InlineData("6.1", "memory.use_hierarchy", "0", "Non-hierarchical mode is deprecated. " + Report)]
    [InlineData("6.1", "memory.use_hierarchy", "1", null)]
    [InlineData("6.1", "memory.soft_limit_in_bytes", "1G", null)]
    [InlineData("6.12", "memory.soft_limit_in_bytes", "1G", "soft_limit_in_bytes is deprecated and will be removed. " + Report)]
    [InlineData("6.12", "memory.kmem.tcp.limit_in_bytes", "1G", "kmem.tcp.limit_in_bytes is deprecated and will be removed. " + Report)]
    public void AWriteWarnsOnce(string era, string file, string value, string? warning)
    {
        Machine machine = Workloads.Boot(era);
        machine.Make("/a");
        machine.Files.Write("/sys/fs/cgroup/memory/a/" + file, value);
        machine.Files.Write("/sys/fs/cgroup/memory/a/" + file, value);
        machine.Log.Records.Select(record => record.Text).ShouldBe(warning is null ? [] : [warning]);
    }

    [Theory]
    [InlineData("6.1", false)]
    [InlineData("6.12", true)]
    public void OomControlWarnsLate(string era, bool warns)
    {
        Machine machine = Workloads.Boot(era);
        machine.Make("/a");
        machine.Files.Write("/sys/fs/cgroup/memory/a/memory.oom_control", "1").ShouldBe(Errno.None);
        machine.Log.Records.Count(record => record.Text.StartsWith("oom_control is deprecated", StringComparison.Ordinal)).ShouldBe(warns ? 1 : 0);
    }
}
