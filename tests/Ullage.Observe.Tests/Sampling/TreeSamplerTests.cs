using Ullage.Abi;
using Ullage.Observe.Fields;
using Ullage.Observe.Host;
using Ullage.Observe.Readings;
using Ullage.Observe.Sampling;

namespace Ullage.Observe.Tests.Sampling;

public sealed class TreeSamplerTests
{
    [Fact]
    public void ReadOnV2SnapshotGivesTheFilesFigures()
    {
        Sample sample = Samples.Of(Fixtures.Snapshot("6.1-v2/pressure"), new SampleSelection { Path = "/gt/work/web", Depth = 0 });
        sample.Version.ShouldBe(2);
        Enumerable.Range(0, sample.Count).Select(row => sample[row].Path).ShouldBe(["/", "/gt", "/gt/work", "/gt/work/web"]);
        sample.Value(CgroupFields.Usage, 3).ShouldBe(46493696);
        sample.Value(CgroupFields.Limit, 3).ShouldBe(Sample.Unlimited);
        sample.Value(CgroupFields.Anon, 3).ShouldBe(25169920);
        sample.Value(CgroupFields.File, 3).ShouldBe(21217280);
        sample.Value(CgroupFields.Kernel, 3).ShouldBe(106496);
        sample.Value(CgroupFields.Slab, 3).ShouldBe(50992);
        sample.Value(CgroupFields.EventsMax, 3).ShouldBe(0);
        sample.Value(CgroupFields.OomKill, 3).ShouldBe(0);
        sample.AbsenceOf(CgroupFields.Failcnt, 3).ShouldBe(Absence.NotThisVersion);
        sample.Why(CgroupFields.Failcnt, 3).ShouldContain("events_max");
        UllageReading ullage = UllageReading.Of(sample, 3);
        UllageReading.NameOf(sample, ullage.Binding).ShouldBe("/gt/work");
        ullage.RoomBytes.ShouldBe(268435456 - 83996672);
        ullage.Bytes!.Value.ShouldBeGreaterThan(ullage.RoomBytes!.Value);
        ullage.IsWhole.ShouldBeTrue();
    }

    [Fact]
    public void ReadOnV1SnapshotGivesTheFilesFiguresAndSaysWhatIsMissing()
    {
        Sample sample = Samples.Of(Fixtures.Snapshot("4.15-v1/pressure"));
        int web = sample.RowOf("/gt/work/web");
        sample.Value(CgroupFields.Usage, web).ShouldBe(46493696);
        sample.Value(CgroupFields.Failcnt, web).ShouldBe(0);
        sample.Value(CgroupFields.Anon, web).ShouldBe(25169920);
        sample.Value(CgroupFields.Kernel, web).ShouldBe(106496);
        sample.Why(CgroupFields.Slab, web).ShouldContain("memory.kmem.slabinfo");
        sample.Why(CgroupFields.Swap, web).ShouldBe("/sys/fs/cgroup/memory/gt/work/web/memory.stat has no total_swap on this kernel");
        sample.GetHost(HostFields.MemorySomeTotal).Why.ShouldNotBeNull().ShouldContain("no PSI");
        UllageReading.Of(sample, web).RoomBytes.ShouldBe(268435456 - 88080384);
    }

    [Fact]
    public void ReadOfAnUnreadableFileGivesItsErrnoAndNoZero()
    {
        TextFiles files = Two();
        files.Errors["/sys/fs/cgroup/a/memory.events"] = Errno.EACCES;
        files.Files["/sys/fs/cgroup/a/memory.current"] = "garbled\n";
        files.Files["/sys/fs/cgroup/a/memory.max"] = "";
        Sample sample = Samples.Of(files);
        int a = sample.RowOf("/a");
        sample.Why(CgroupFields.OomKill, a).ShouldBe("/sys/fs/cgroup/a/memory.events: EACCES: run as root, or as the cgroup's owner");
        sample.AbsenceOf(CgroupFields.Usage, a).ShouldBe(Absence.Garbled);
        sample.AbsenceOf(CgroupFields.Limit, a).ShouldBe(Absence.Empty);
        sample.Why(CgroupFields.File, a).ShouldBe("/sys/fs/cgroup/a/memory.stat has no file on this kernel");
    }

    [Fact]
    public void ReadOfANumberThatWasCutShortIsNoNumber()
    {
        TextFiles files = Two();
        files.Files["/sys/fs/cgroup/a/memory.current"] = "40";
        files.Files["/sys/fs/cgroup/a/memory.stat"] = "anon 4096\nfile 12";
        Sample sample = Samples.Of(files);
        sample.AbsenceOf(CgroupFields.Usage, sample.RowOf("/a")).ShouldBe(Absence.Garbled);
        sample.AbsenceOf(CgroupFields.File, sample.RowOf("/a")).ShouldBe(Absence.Garbled);
        sample.Value(CgroupFields.Anon, sample.RowOf("/a")).ShouldBe(4096);
    }

    [Fact]
    public void ReadAddsUpFieldsThatKernelsSplitDifferently()
    {
        TextFiles files = Two();
        files.Files["/proc/vmstat"] = "allocstall_dma 1\nallocstall_normal 20\nallocstall_movable 300\nworkingset_refault 7\n";
        Sample sample = Samples.Of(files);
        sample.HostValue(HostFields.Allocstall).ShouldBe(321);
        sample.HostValue(HostFields.WorkingsetRefaultFile).ShouldBe(7);
        sample.HostAbsenceOf(HostFields.Pgfault).ShouldBe(Absence.NotInFile);
    }

    [Fact]
    public void ReadOfFilesWithAnotherOrderOfLinesFindsTheSame()
    {
        TextFiles files = Two();
        files["/sys/fs/cgroup/b/memory.current"] = "1\n";
        files["/sys/fs/cgroup/b/memory.stat"] = "new_counter 9\nfile 8192\nanon 12288\n";
        Sample sample = Samples.Of(files);
        sample.Value(CgroupFields.Anon, sample.RowOf("/a")).ShouldBe(4096);
        sample.Value(CgroupFields.Anon, sample.RowOf("/b")).ShouldBe(12288);
        sample.Value(CgroupFields.File, sample.RowOf("/b")).ShouldBe(8192);
    }

    [Fact]
    public void ReadAfterAGarbledFileStillFindsEverythingInAWholeOne()
    {
        TextFiles files = Two();
        using TreeSampler sampler = new(files, CgroupMounts.Find(files));
        Sample sample = new();
        foreach (string garbled in new[] { "\n\n", "x\ny\n", "anon\n", "no newline" })
        {
            files.Files["/sys/fs/cgroup/a/memory.stat"] = garbled;
            sampler.Read(sample, 1, default);
            files.Files["/sys/fs/cgroup/a/memory.stat"] = "anon 4096\nfile 8192\n";
            sampler.Read(sample, 2, default);
            sample.Value(CgroupFields.Anon, sample.RowOf("/a")).ShouldBe(4096);
            sample.Value(CgroupFields.File, sample.RowOf("/a")).ShouldBe(8192);
        }
    }

    [Fact]
    public void ReadOnAHybridHostTakesPressureFromTheGroupOfTheSamePath()
    {
        TextFiles files = new()
        {
            ["/proc/self/mountinfo"] = "34 25 0:28 / /sys/fs/cgroup/memory rw - cgroup none rw,memory\n35 25 0:29 / /sys/fs/cgroup/unified rw - cgroup2 none rw\n",
            ["/sys/fs/cgroup/memory/a/memory.usage_in_bytes"] = "4096\n",
            ["/sys/fs/cgroup/memory/b/memory.usage_in_bytes"] = "4096\n",
            ["/sys/fs/cgroup/unified/a/memory.pressure"] = "some avg10=1.50 avg60=0.00 avg300=0.00 total=77\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n",
        };
        Sample sample = Samples.Of(files);
        sample.Value(CgroupFields.PressureSomeAvg10, sample.RowOf("/a")).ShouldBe(150);
        sample.Value(CgroupFields.PressureSomeTotal, sample.RowOf("/a")).ShouldBe(77);
        sample.AbsenceOf(CgroupFields.PressureSomeAvg10, sample.RowOf("/b")).ShouldBe(Absence.NotThisVersion);
    }

    [Fact]
    public void ReadBefore5_18AddsUpTheParts()
    {
        TextFiles files = Two();
        files.Files["/sys/fs/cgroup/a/memory.stat"] = "anon 1\nkernel_stack 16384\nslab 4096\nslab_reclaimable 4096\n";
        Sample sample = Samples.Of(files);
        sample.Value(CgroupFields.Kernel, sample.RowOf("/a")).ShouldBe(20480);
    }

    [Fact]
    public void ReadAfterTheCgroupVanishedHasNoRowOfIt()
    {
        TextFiles files = Two();
        using TreeSampler sampler = new(files, CgroupMounts.Find(files));
        Sample sample = new();
        sampler.Read(sample, 1, default);
        sample.RowOf("/a").ShouldBeGreaterThan(0);
        foreach (string file in files.Files.Keys.Where(file => file.StartsWith("/sys/fs/cgroup/a/", StringComparison.Ordinal)).ToList())
        {
            files.Files.Remove(file);
        }
        sampler.Read(sample, 2, default);
        sample.RowOf("/a").ShouldBe(-1);
        sample.Count.ShouldBe(1);
    }

    [Fact]
    public void ReadWithoutAMemoryControllerStillHasTheMachine()
    {
        TextFiles files = new() { ["/proc/meminfo"] = "MemTotal:        2031084 kB\n" };
        Sample sample = Samples.Of(files);
        sample.Count.ShouldBe(0);
        sample.HostValue(HostFields.MemTotal).ShouldBe(2031084L * 1024);
    }

    [Fact]
    public void ReadBelowAV1ParentWithoutUseHierarchyIsNotChargedThere()
    {
        TextFiles files = new()
        {
            ["/proc/self/mountinfo"] = "34 25 0:28 / /sys/fs/cgroup/memory rw - cgroup none rw,memory\n",
            ["/sys/fs/cgroup/memory/p/memory.use_hierarchy"] = "0\n",
            ["/sys/fs/cgroup/memory/p/memory.limit_in_bytes"] = "4096\n",
            ["/sys/fs/cgroup/memory/p/memory.usage_in_bytes"] = "0\n",
            ["/sys/fs/cgroup/memory/p/c/memory.limit_in_bytes"] = "9223372036854771712\n",
            ["/sys/fs/cgroup/memory/p/c/memory.usage_in_bytes"] = "8192\n",
        };
        Sample sample = Samples.Of(files);
        sample[sample.RowOf("/p/c")].ChargesParent.ShouldBeFalse();
        UllageReading.LevelsOf(sample, sample.RowOf("/p/c")).ShouldBeEmpty();
        UllageReading.LevelsOf(sample, sample.RowOf("/p")).Count.ShouldBe(1);
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
}
