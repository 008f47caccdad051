using Ullage.Abi.Files;

namespace Ullage.Abi.Tests.Files;

public sealed class KernelFieldsTests
{
    [Theory]
    [InlineData("6.12-v2/after-oom", "/sys/fs/cgroup/gt/work/web/memory.events", "oom_group_kill", "0")]
    [InlineData("5.4-v1/pressure", "/proc/pressure/memory", "some.avg10", "2.19")]
    [InlineData("5.4-v1/pressure", "/proc/pressure/memory", "full.total", "93459")]
    [InlineData("5.4-v1/swap", "/proc/meminfo", "MemFree", "1872136")]
    [InlineData("5.4-v1/swap", "/proc/meminfo", "Active(anon)", "57832")]
    [InlineData("5.4-v1/swap", "/proc/cgroups", "memory.num_cgroups", "6")]
    [InlineData("5.4-v1/swap", "/proc/cgroups", "rdma.enabled", "1")]
    [InlineData("5.4-v1/swap", "/proc/self/status", "VmRSS", "41868")]
    [InlineData("5.4-v1/swap", "/proc/self/status", "State", "R (running)")]
    [InlineData("5.4-v1/swap", "/proc/self/statm", "resident", "10467")]
    [InlineData("5.4-v1/swap", "/proc/self/mountinfo", "/sys/fs/cgroup/memory.fstype", "cgroup")]
    [InlineData("5.4-v1/swap", "/proc/self/cgroup", "memory", "/gt/work/batch")]
    [InlineData("6.12-v2/idle", "/proc/self/cgroup", "unified", "/gt/work/web")]
    [InlineData("5.4-v1/swap", "/proc/swaps", "/dev/vdd.used", "42496")]
    [InlineData("5.4-v1/pressure", "/sys/fs/cgroup/memory/gt/work/web/memory.numa_stat", "total", "11319")]
    [InlineData("5.4-v1/pressure", "/sys/fs/cgroup/memory/gt/work/web/memory.numa_stat", "total.N0", "11325")]
    [InlineData("5.4-v1/pressure", "/sys/fs/cgroup/memory/gt/work/web/memory.kmem.slabinfo", "radix_tree_node.num_slabs", "6")]
    [InlineData("5.4-v1/pressure", "/sys/fs/cgroup/memory/gt/work/web/memory.limit_in_bytes", "value", "9223372036854771712")]
    [InlineData("6.12-v2/pressure", "/sys/fs/cgroup/gt/work/web/memory.max", "value", "max")]
    [InlineData("6.12-v2/pressure", "/sys/fs/cgroup/gt/work/web/cgroup.procs", "count", "1")]
    [InlineData("5.4-v1/swap", "/proc/self/comm", "value", "wl")]
    public void TryGetFindsTheField(string snapshot, string path, string field, string expected)
    {
        KernelFields.TryGet(path, TestData.Fixture(snapshot + path), field, out string value, out string problem).ShouldBeTrue(problem);
        value.ShouldBe(expected);
    }

    [Fact]
    public void TryGetWithoutFieldGivesTheWholeTextTrimmed()
    {
        KernelFields.TryGet("/sys/fs/cgroup/a/memory.max", " max \n", null, out string value).ShouldBeTrue();
        value.ShouldBe("max");
    }

    [Fact]
    public void TryGetUnknownFieldNamesTheOnesThereAre()
    {
        KernelFields.TryGet("/a/memory.events", "low 0\noom 1\n", "ooms", out string value, out string problem).ShouldBeFalse();
        value.ShouldBe("");
        problem.ShouldBe("/a/memory.events has no field 'ooms': it has low, oom");
        KernelFields.TryGet("/a/memory.kmem.slabinfo", "", "dentry.num_slabs", out _, out problem).ShouldBeFalse();
        problem.ShouldBe("/a/memory.kmem.slabinfo has no field 'dentry.num_slabs': the file is empty");
    }

    [Fact]
    public void TryGetInGarbageNamesTheLine()
    {
        KernelFields.TryGet("/a/memory.events", "low 0\noom", "oom", out _, out string problem).ShouldBeFalse();
        problem.ShouldBe("/a/memory.events is not in the kernel's shape, line 2: the line has no newline at its end: the text was cut short");
    }

    [Theory]
    [InlineData("/sys/fs/cgroup/pressure/memory.max", KernelFileKind.SingleValue)]
    [InlineData("/sys/fs/cgroup/a/memory.pressure", KernelFileKind.Pressure)]
    [InlineData("/proc/pressure/io", KernelFileKind.Pressure)]
    [InlineData("/sys/fs/cgroup/a/cgroup.pressure", KernelFileKind.SingleValue)]
    [InlineData("/proc/1/cgroup", KernelFileKind.TaskCgroups)]
    [InlineData("/sys/fs/cgroup/cgroup.controllers", KernelFileKind.Words)]
    public void KindIsToldByPath(string path, KernelFileKind kind) => KernelFileKinds.Of(path).ShouldBe(kind);
}
