using Ullage.Abi;
using Ullage.Model.Cgroups;
using Ullage.Model.Files;

namespace Ullage.Model.Tests.Files;

public sealed class DentryCacheTests
{
    public static IEnumerable<object[]> Eras => Workloads.Eras;

    private static (Machine Machine, Cgroup Cgroup, TaskStruct Task) Prepare(string era, long? maxPages = null, int version = 1)
    {
        Machine machine = Workloads.Boot(era, version);
        Cgroup cgroup = machine.Make("/a");
        if (machine.Era.Kmem.Activation == Model.Eras.KmemActivation.WhenLimited)
        {
            machine.Files.Write("/sys/fs/cgroup/memory/a/memory.kmem.limit_in_bytes", "1T").ShouldBe(Errno.None);
        }
        TaskStruct task = machine.Enter(cgroup);
        if (maxPages is { } max)
        {
            cgroup.Memcg.Memory.TrySetMax(max).ShouldBe(Errno.None);
        }
        return (machine, cgroup, task);
    }

    private static Errno StatMany(Machine machine, TaskStruct task, DiskDirectory directory, long first, long count)
    {
        for (long number = first; number < first + count; number++)
        {
            Errno errno = machine.Stat(task, directory, number);
            machine.RunDueWork(machine.TimeNs);
            if (errno != Errno.ENOENT)
            {
                return errno;
            }
        }
        return Errno.ENOENT;
    }

    [Theory]
    [MemberData(nameof(Eras))]
    public void StatOfAMissingNameOnADiskFileSystemIsCachedOnce(string era)
    {
        (Machine machine, Cgroup cgroup, TaskStruct task) = Prepare(era);
        DiskDirectory directory = machine.Directory("/data");
        StatMany(machine, task, directory, 0, 1000).ShouldBe(Errno.ENOENT);
        long negative = machine.Dcache.Negative;
        long usage = cgroup.Memcg.Memory.Usage;

        StatMany(machine, task, directory, 0, 1000).ShouldBe(Errno.ENOENT);

        negative.ShouldBe(1000);
        machine.Dcache.Negative.ShouldBe(1000);
        cgroup.Memcg.Memory.Usage.ShouldBe(usage);
        machine.Dcache.Lru[0].Count(cgroup.Memcg).ShouldBeInRange(980, 1001); // the first few of a new cgroup are nobody's up to 5.8
        machine.Verify();
    }

    [Theory]
    [InlineData("/dev/shm")]
    [InlineData("/run/user")]
    [InlineData("/proc")]
    public void StatOfAMissingNameOnARamFileSystemKeepsNothing(string path)
    {
        (Machine machine, Cgroup cgroup, TaskStruct task) = Prepare("6.12", version: 2);

        StatMany(machine, task, machine.Directory(path), 0, 1000).ShouldBe(Errno.ENOENT);

        machine.Dcache.Live.ShouldBe(0);
        machine.Dcache.Lru[2].Total.ShouldBe(0);
        machine.Dcache.Waiting.ShouldBeGreaterThan(0); // but its memory comes back only after a grace period
        machine.Dcache.Barrier();
        machine.Dcache.Waiting.ShouldBe(0);
        machine.Verify();
    }

    [Theory]
    [MemberData(nameof(Eras))]
    public void StatUnderAMemoryLimitOf50MReclaimsAndNeverFails(string era)
    {
        (Machine machine, Cgroup cgroup, TaskStruct task) = Prepare(era, maxPages: 12800);

        StatMany(machine, task, machine.Directory("/data/neg"), 0, 400_000).ShouldBe(Errno.ENOENT);

        cgroup.Memcg.Memory.Watermark.ShouldBe(12800);
        machine.Shrinkers.Scanned.ShouldBeGreaterThan(32 * 21);
        machine.Dcache.Negative.ShouldBeLessThan(12800 * 21);
        task.IsOomVictim.ShouldBeFalse();
        machine.Verify();
    }

    /// <summary>Measured on 6.18: killed at 8 MiB and below, for what was evicted is not free yet; never at 20 MiB.</summary>
    [Theory]
    [InlineData(1 << 8, true)]
    [InlineData(4 << 8, true)]
    [InlineData(10 << 8, false)]
    [InlineData(20 << 8, false)]
    public void StatUnderASmallLimitIsKilledWhereTheGracePeriodEndsTooLate(int maxPages, bool killed)
    {
        (Machine machine, Cgroup _, TaskStruct task) = Prepare("6.18", maxPages);

        Errno errno = StatMany(machine, task, machine.Directory("/data/neg"), 0, 150_000);

        task.IsOomVictim.ShouldBe(killed);
        errno.ShouldBe(killed ? Errno.ENOMEM : Errno.ENOENT);
    }

    [Theory]
    [InlineData("4.15")]
    [InlineData("5.4")]
    [InlineData("6.12")]
    public void ForceEmptyTakesEveryDentryAndTheDirectoryToo(string era)
    {
        (Machine machine, Cgroup cgroup, TaskStruct task) = Prepare(era);
        DiskDirectory directory = machine.Directory("/data/neg");
        StatMany(machine, task, directory, 0, 50_000).ShouldBe(Errno.ENOENT);

        machine.Files.Write("/sys/fs/cgroup/memory/a/memory.force_empty", "0").ShouldBe(Errno.None);
        machine.Files.Write("/proc/sys/vm/drop_caches", "2").ShouldBe(Errno.None); // those of the root, up to 5.8
        machine.Dcache.Barrier();

        machine.Dcache.Live.ShouldBe(0);
        machine.Inodes.Live.ShouldBe(0);
        cgroup.Memcg.Memory.Usage.ShouldBeLessThan(200);
        machine.Verify();
        machine.Stat(task, directory, 1).ShouldBe(Errno.ENOENT); // it is found again
        machine.Dcache.Live.ShouldBe(3);
    }

    [Fact]
    public void DropCachesOfTwoFreesEverybodysDentries()
    {
        (Machine machine, Cgroup cgroup, TaskStruct task) = Prepare("6.12", version: 2);
        StatMany(machine, task, machine.Directory("/data"), 0, 30_000).ShouldBe(Errno.ENOENT);
        machine.Files.Write("/proc/sys/vm/drop_caches", "1").ShouldBe(Errno.None);
        machine.Dcache.Negative.ShouldBe(30_000);

        machine.Files.Write("/proc/sys/vm/drop_caches", "2").ShouldBe(Errno.None);
        machine.Dcache.Barrier();

        machine.Dcache.Negative.ShouldBeLessThanOrEqualTo(10);
        cgroup.Memcg.Memory.Usage.ShouldBeLessThan(200);
        machine.Verify();
    }

    [Theory]
    [InlineData("4.15", true)]
    [InlineData("5.4", false)]
    [InlineData("6.12", false)]
    public void RmdirLeavesDentriesToTheParentAndOnlyBefore53TheCgroupStays(string era, bool stays)
    {
        Machine machine = Workloads.Boot(era);
        Cgroup parent = machine.Make("/p");
        Cgroup cgroup = machine.Make("/p/c");
        TaskStruct task = machine.Enter(cgroup);
        StatMany(machine, task, machine.Directory("/data"), 0, 2000).ShouldBe(Errno.ENOENT);
        machine.Attach(machine.Hierarchy.Root, task.Pid, wholeProcess: true).ShouldBe(Errno.None);
        machine.ExitGroup(task.Signal, 0, 0);
        long dentries = machine.Dcache.Lru[0].Count(cgroup.Memcg);

        machine.Rmdir("/p/c").ShouldBe(Errno.None);
        machine.RunDueWork(long.MaxValue - 1);

        dentries.ShouldBeGreaterThan(1900);
        machine.Dcache.Lru[0].Count(parent.Memcg).ShouldBe(dentries);
        (parent.DyingDescendants > 0).ShouldBe(stays);
        machine.Verify();
        machine.Files.Write("/sys/fs/cgroup/memory/p/memory.force_empty", "0").ShouldBe(Errno.None);
        machine.Dcache.Barrier();
        machine.Dcache.Lru[0].Count(parent.Memcg).ShouldBe(0);
        machine.Verify();
    }

    [Fact]
    public void CachePressureOfZeroKeepsDentries()
    {
        (Machine machine, Cgroup _, TaskStruct task) = Prepare("5.4");
        StatMany(machine, task, machine.Directory("/data"), 0, 20_000).ShouldBe(Errno.ENOENT);
        machine.Files.Write("/proc/sys/vm/vfs_cache_pressure", "0").ShouldBe(Errno.None);

        machine.Files.Write("/proc/sys/vm/drop_caches", "2").ShouldBe(Errno.None);

        machine.Dcache.Negative.ShouldBe(20_000);
        machine.Files.Read("/proc/sys/vm/vfs_cache_pressure").Text.ShouldBe("0\n");
    }
}
