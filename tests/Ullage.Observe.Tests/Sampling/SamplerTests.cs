using System.Globalization;
using Ullage.Abi;
using Ullage.Observe.Host;
using Ullage.Observe.Readings;
using Ullage.Observe.Sampling;
using Xunit.Abstractions;

namespace Ullage.Observe.Tests.Sampling;

public sealed class SamplerTests(ITestOutputHelper output)
{
    [Fact]
    public void ReadOnV2SnapshotGivesTheFilesFigures()
    {
        MemorySample sample = Sample(Fixtures.Snapshot("6.1-v2/pressure"), "/gt/work/web");
        sample.UsageBytes.ShouldBe(Measured.Of(46493696));
        sample.LimitBytes.Value.ShouldBe(MemorySample.Unlimited);
        sample.AnonBytes.Value.ShouldBe(25169920);
        sample.FileBytes.Value.ShouldBe(21217280);
        sample.KernelBytes.Value.ShouldBe(106496);
        sample.SlabBytes.Value.ShouldBe(50992);
        sample.SwapBytes.Value.ShouldBe(0);
        sample.MaxEvents.Value.ShouldBe(0);
        sample.OomKills.Value.ShouldBe(0);
        sample.Failcnt.Value.ShouldBeNull();
        sample.Failcnt.Why.ShouldNotBeNull().ShouldContain("memory.events");
        sample.Levels.Select(level => level.Path).ShouldBe(["/gt/work/web", "/gt/work", "/gt", "/"]);
        UllageReading ullage = UllageReading.Of(sample);
        ullage.Bytes.Value.ShouldBe(268435456 - 83996672);
        ullage.BindingPath.ShouldBe("/gt/work");
        ullage.BindingLimitBytes.ShouldBe(268435456);
        ullage.Unread.ShouldBeEmpty();
    }

    [Fact]
    public void ReadOnV1SnapshotGivesTheFilesFiguresAndSaysWhatIsMissing()
    {
        MemorySample sample = Sample(Fixtures.Snapshot("4.15-v1/pressure"), "/gt/work/web");
        sample.UsageBytes.Value.ShouldBe(46493696);
        sample.LimitBytes.Value.ShouldBe(MemorySample.Unlimited);
        sample.Failcnt.Value.ShouldBe(0);
        sample.OomKills.Value.ShouldBe(0);
        sample.AnonBytes.Value.ShouldBe(25169920);
        sample.FileBytes.Value.ShouldBe(21217280);
        sample.KernelBytes.Value.ShouldBe(106496);
        sample.SlabBytes.Why.ShouldNotBeNull().ShouldContain("memory.kmem.slabinfo");
        sample.SwapBytes.Why.ShouldNotBeNull().ShouldContain("total_swap");
        UllageReading ullage = UllageReading.Of(sample);
        ullage.BindingPath.ShouldBe("/gt/work");
        ullage.Bytes.Value.ShouldBe(268435456 - 88080384);
    }

    [Fact]
    public void ReadOfAnUnreadableFileGivesItsErrnoAndNoZero()
    {
        TextFiles files = Two();
        files.Errors["/sys/fs/cgroup/a/memory.events"] = Errno.EACCES;
        files.Files["/sys/fs/cgroup/a/memory.current"] = "garbled\n";
        MemorySample sample = Sample(files, "/a");
        sample.OomKills.ShouldBe(Measured.Missing("/sys/fs/cgroup/a/memory.events: EACCES: run as root, or as the cgroup's owner"));
        sample.UsageBytes.Value.ShouldBeNull();
        sample.UsageBytes.Why.ShouldNotBeNull().ShouldContain("not a number");
        sample.FileBytes.Why.ShouldBe("/sys/fs/cgroup/a/memory.stat has no file on this kernel");
        UllageReading.Of(sample).Unread.ShouldHaveSingleItem().ShouldContain("memory.current");
    }

    [Fact]
    public void ReadAfterTheCgroupVanishedSaysSo()
    {
        TextFiles files = Two();
        CgroupMounts mounts = CgroupMounts.Find(files);
        using Sampler sampler = new(files, mounts, mounts.Resolve("/a", out _)!);
        sampler.Read(out string gone).ShouldNotBeNull();
        gone.ShouldBeEmpty();
        foreach (string file in files.Files.Keys.Where(file => file.StartsWith("/sys/fs/cgroup/a/", StringComparison.Ordinal)).ToList())
        {
            files.Files.Remove(file);
        }
        sampler.Read(out gone).ShouldBeNull();
        gone.ShouldBe("cgroup /a was removed (/sys/fs/cgroup/a/memory.stat: ENOENT)");
    }

    [Fact]
    public void ReadOnThisHostSeesItsCgroupVanish()
    {
        HostFiles host = new();
        CgroupMounts mounts = CgroupMounts.Find(host);
        string name = string.Create(CultureInfo.InvariantCulture, $"ullage-test-{Environment.ProcessId}-{Random.Shared.Next():x8}");
        string directory = mounts.Memory?.MountPoint + "/" + name;
        Errno made = mounts.Memory is null ? Errno.ENOENT : host.MakeDirectory(directory);
        if (made != Errno.None)
        {
            output.WriteLine($"skipped: mkdir {directory}: {made}");
            return;
        }
        try
        {
            using Sampler sampler = new(host, mounts, mounts.Resolve("/" + name, out _)!);
            MemorySample sample = sampler.Read(out _).ShouldNotBeNull();
            sample.UsageBytes.Value.ShouldBe(0);
            sample.CgroupId.ShouldNotBeNull();
            sample.MachineAvailableBytes.Value.ShouldNotBeNull().ShouldBeGreaterThan(1 << 20);
            UllageReading.Of(sample).BindingPath.ShouldBe(UllageReading.Machine);
            host.RemoveDirectory(directory).ShouldBe(Errno.None);
            sampler.Read(out string gone).ShouldBeNull();
            gone.ShouldContain("was removed");
            gone.ShouldContain("ENODEV");
        }
        finally
        {
            host.RemoveDirectory(directory);
        }
    }

    [Fact]
    public void ReadOnThisHostAllocatesOnlyTheSample()
    {
        HostFiles host = new();
        CgroupMounts mounts = CgroupMounts.Find(host);
        if (mounts.Resolve("/", out string why) is not CgroupLocation root)
        {
            output.WriteLine($"skipped: {why}");
            return;
        }
        using Sampler sampler = new(host, mounts, root);
        for (int i = 0; i < 3; i++)
        {
            sampler.Read(out _);
        }
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100; i++)
        {
            sampler.Read(out _);
        }
        long each = (GC.GetAllocatedBytesForCurrentThread() - before) / 100;
        output.WriteLine($"{each} bytes for each sample");
        each.ShouldBeLessThan(2048);
    }

    private static TextFiles Two() => new()
    {
        ["/proc/self/mountinfo"] = "34 25 0:28 / /sys/fs/cgroup rw - cgroup2 none rw\n",
        ["/sys/fs/cgroup/cgroup.controllers"] = "memory\n",
        ["/sys/fs/cgroup/a/memory.current"] = "4096\n",
        ["/sys/fs/cgroup/a/memory.max"] = "8192\n",
        ["/sys/fs/cgroup/a/memory.stat"] = "anon 4096\n",
        ["/sys/fs/cgroup/a/memory.events"] = "low 0\nmax 3\noom 1\noom_kill 1\n",
    };

    private static MemorySample Sample(IKernelFiles files, string cgroup)
    {
        CgroupMounts mounts = CgroupMounts.Find(files);
        using Sampler sampler = new(files, mounts, mounts.Resolve(cgroup, out _).ShouldNotBeNull(), () => 1);
        return sampler.Read(out _).ShouldNotBeNull();
    }
}
