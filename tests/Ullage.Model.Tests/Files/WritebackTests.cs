using Ullage.Abi;
using Ullage.Model.Files;

namespace Ullage.Model.Tests.Files;

public sealed class WritebackTests
{
    public static IEnumerable<object[]> Eras => Workloads.Eras;

    private static Machine Small(string era, long bytesPerSecond) => Machine.Boot(new MachineOptions
    {
        Era = Workloads.Era(era), CgroupVersion = 1, MemoryBytes = 256L << 20,
        Disk = new DiskOptions { BytesPerSecond = bytesPerSecond },
    });

    private static (TaskStruct Task, FileHandle File) Begin(Machine machine)
    {
        TaskStruct task = machine.Enter(machine.Make("/a"));
        return (task, machine.OpenData("/data/w", create: true).File.ShouldNotBeNull());
    }

    [Theory]
    [MemberData(nameof(Eras))]
    public void WriteDirtiesAndFsyncCleans(string era)
    {
        FileRig rig = new(era, 10);
        FileHandle file = rig.Open("/data/new", create: true);
        for (long page = 0; page < 300; page++)
        {
            rig.Write(page, file);
        }
        file.Bytes.ShouldBe(300 * 4096);
        rig.Meminfo("Dirty").ShouldBe(300 * 4);
        rig.Cgroup.Memcg.Stats.Exact(Ullage.Model.Charging.MemcgStat.FileDirty).ShouldBe(300);
        rig.Machine.Verify();
        rig.Machine.SyncData(file);
        (rig.Meminfo("Dirty"), rig.Meminfo("Writeback")).ShouldBe((0, 0));
        rig.Vmstat("nr_written").ShouldBe(300);
        rig.Task.ReadBytes.ShouldBe(0); // whole pages are written without being read
        rig.Machine.Verify();
    }

    [Theory]
    [MemberData(nameof(Eras))]
    public void WriteOfAPartReadsThePageFirst(string era)
    {
        FileRig rig = new(era, 10);
        rig.Machine.WriteData(rig.Task, rig.File, 100, 50).ShouldBe((Errno.None, 50));
        rig.Task.ReadBytes.ShouldBe(4096);
        rig.Machine.WriteData(rig.Task, rig.File, 10 * 4096, 50).ShouldBe((Errno.None, 50)); // behind the end there is nothing to read
        rig.Task.ReadBytes.ShouldBe(4096);
        rig.File.Bytes.ShouldBe((10 * 4096) + 50);
    }

    [Theory]
    [MemberData(nameof(Eras))]
    public void WriteOfAReclaimedPageIsNoRefault(string era)
    {
        FileRig rig = new(era, 4000, limitPages: 1000);
        for (long page = 0; page < 4000; page++)
        {
            rig.Read(page);
        }
        for (long page = 0; page < 100; page++)
        {
            rig.Write(page);
        }
        rig.Machine.Vm[Ullage.Model.Pages.VmItem.WorkingsetRefaultFile].ShouldBe(0);
        rig.Machine.Verify();
    }

    [Theory]
    [MemberData(nameof(Eras))]
    public void FlusherWritesWhatIsOld(string era)
    {
        FileRig rig = new(era, 10);
        rig.Write(3);
        long now = rig.Machine.TimeNs;
        PassTo(rig, now + 20_000_000_000);
        rig.Meminfo("Dirty").ShouldBe(4);
        PassTo(rig, now + 40_000_000_000);
        rig.Meminfo("Dirty").ShouldBe(0); // dirty for 30 s, and the flusher looks every 5 s
        rig.Machine.Verify();
    }

    private static void PassTo(FileRig rig, long untilNs)
    {
        while (rig.Machine.TimeNs < untilNs)
        {
            rig.Machine.SpendAndRunDue(1_000_000_000);
        }
    }

    [Theory]
    [MemberData(nameof(Eras))]
    public void WritersFasterThanTheDiskWaitBelowTheThreshold(string era)
    {
        Machine machine = Small(era, 50L << 20);
        (TaskStruct task, FileHandle file) = Begin(machine);
        const long pages = 40_000;
        for (long page = 0; page < pages; page++)
        {
            machine.WriteData(task, file, page * 4096, 4096).Errno.ShouldBe(Errno.None);
            (machine.PageCache.Writeback.Pending <= machine.PageCache.Writeback.Threshold + 64).ShouldBeTrue();
        }
        // 156 MiB at 50 MiB/s: what may be dirty at the end was not waited for
        machine.TimeNs.ShouldBeGreaterThan(2_000_000_000);
        machine.Verify();
    }

    [Theory]
    [MemberData(nameof(Eras))]
    public void WriterUnderALimitGoesOn(string era)
    {
        FileRig rig = new(era, 10, limitPages: 1000);
        FileHandle file = rig.Open("/data/new", create: true);
        for (long page = 0; page < 5000; page++)
        {
            rig.Write(page, file);
        }
        rig.Cgroup.Memcg.Memory.Usage.ShouldBeLessThanOrEqualTo(1000);
        rig.Machine.Verify();
    }

    /// <summary>v2: a cgroup's dirty pages stay below a fifth of what it can have. Without that the writer would be killed: reclaim of v2 waits for no page.</summary>
    [Theory]
    [MemberData(nameof(Eras))]
    public void Section3_11_AV2CgroupHasDirtyLimitsOfItsOwn(string era)
    {
        Machine machine = Machine.Boot(new MachineOptions { Era = Workloads.Era(era), CgroupVersion = 2, MemoryBytes = 1L << 30, Disk = new DiskOptions { BytesPerSecond = 10L << 20 } });
        TaskStruct task = machine.Enter(machine.Make("/a", 2560));
        FileHandle file = machine.OpenData("/data/w", create: true).File.ShouldNotBeNull();
        Ullage.Model.Charging.MemCgroup memcg = machine.Hierarchy.Find("/a")!.Memcg;
        long most = 0;
        for (long page = 0; page < 10_000; page++)
        {
            machine.WriteData(task, file, page * 4096, 4096).Errno.ShouldBe(Errno.None);
            machine.RunDueWork(machine.TimeNs);
            most = Math.Max(most, memcg.Stats.Exact(Ullage.Model.Charging.MemcgStat.FileDirty) + memcg.Stats.Exact(Ullage.Model.Charging.MemcgStat.FileWriteback));
        }
        machine.Oom.Kills.ShouldBe(0);
        if (machine.Era.Files.CgroupDirtyLimits)
        {
            most.ShouldBeInRange(384, 512 + 64);
        }
        machine.Verify();
    }

    [Theory]
    [MemberData(nameof(Eras))]
    public void TruncateOfADirtyFileForgetsItsPages(string era)
    {
        FileRig rig = new(era, 10);
        FileHandle file = rig.Open("/data/new", create: true);
        for (long page = 0; page < 100; page++)
        {
            rig.Write(page, file);
        }
        rig.Machine.TruncateData(file, 0).ShouldBe(Errno.None);
        rig.Meminfo("Dirty").ShouldBe(0);
        rig.Machine.SyncAllData();
        rig.Vmstat("nr_written").ShouldBe(0);
        rig.Machine.Verify();
    }
}
