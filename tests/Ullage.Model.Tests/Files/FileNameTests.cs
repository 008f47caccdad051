using Ullage.Abi;
using Ullage.Model.Cgroups;
using Ullage.Model.Files;
using Ullage.Model.Tests.Pressure;
using Ullage.Model.Tracing;

namespace Ullage.Model.Tests.Files;

/// <summary>Files that come and go: who pays for names and inodes, and what stays behind.</summary>
public sealed class FileNameTests
{
    private static (Machine Machine, Cgroup Cgroup, TaskStruct Task, DiskDirectory Directory) Prepare(string era)
    {
        Machine machine = Workloads.Boot(era);
        Cgroup cgroup = machine.Make("/a");
        cgroup.Memcg.KmemActive = true;
        TaskStruct task = machine.Enter(cgroup);
        return (machine, cgroup, task, machine.Directory("/data"));
    }

    private static void Each(Machine machine, int count, Func<long, Errno> call, Errno expected)
    {
        for (long number = 1; number <= count; number++)
        {
            call(number).ShouldBe(expected, $"file {number}");
            machine.RunDueWork(machine.TimeNs);
        }
    }

    [Theory]
    [MemberData(nameof(Workloads.Eras), MemberType = typeof(Workloads))]
    public void FilesAreChargedForNameAndInodeAndLeaveANegativeNameBehind(string era)
    {
        (Machine machine, Cgroup cgroup, TaskStruct task, DiskDirectory directory) = Prepare(era);
        long before = cgroup.Memcg.Kmem.Usage;
        Each(machine, 1000, number => machine.CreateFile(task, directory, number), Errno.None);
        machine.Inodes.Live.ShouldBe(1001, "and the directory's own");
        (machine.Dcache.Live, machine.Dcache.Negative).ShouldBe((1001, 0));
        long bytes = 1000 * (machine.Slab.Known.Dentry.Size + machine.Slab.Cache("ext4_inode_cache").Size);
        (cgroup.Memcg.Kmem.Usage - before).ShouldBeInRange(bytes / 4096 * 95 / 100, (bytes / 4096 * 110 / 100) + 20);
        Each(machine, 1000, number => machine.Stat(task, directory, number), Errno.None);
        Each(machine, 1000, number => machine.CreateFile(task, directory, number), Errno.None);
        machine.Inodes.Live.ShouldBe(1001, "they are there already");
        machine.Verify();
        Each(machine, 1000, number => machine.UnlinkFile(task, directory, number), Errno.None);
        machine.Inodes.Live.ShouldBe(1);
        (machine.Dcache.Live, machine.Dcache.Negative).ShouldBe((1001, 1000));
        Each(machine, 1000, number => machine.UnlinkFile(task, directory, number), Errno.ENOENT);
        Each(machine, 1000, number => machine.CreateFile(task, directory, number), Errno.None);
        machine.Dcache.Negative.ShouldBe(0, "the negative names were taken again");
        machine.Verify();
    }

    [Fact]
    public void PrunedNamesOfFilesAreFoundAgainOnTheDisk()
    {
        (Machine machine, _, TaskStruct task, DiskDirectory directory) = Prepare("6.12");
        Each(machine, 3000, number => machine.CreateFile(task, directory, number), Errno.None);
        machine.Current = null;
        machine.Files.Write("/proc/sys/vm/drop_caches", "2").ShouldBe(Errno.None);
        machine.Dcache.Barrier();
        machine.Dcache.Live.ShouldBeLessThan(100);
        machine.As(task);
        Each(machine, 3000, number => machine.Stat(task, directory, number), Errno.None);
        machine.Stat(task, directory, 3001).ShouldBe(Errno.ENOENT);
        Each(machine, 3000, number => machine.UnlinkFile(task, directory, number), Errno.None);
        machine.Verify();
    }

    [Fact]
    public void AtAKmemLimitOpenFailsAndNothingIsLeftHalfMade()
    {
        (Machine machine, Cgroup cgroup, TaskStruct task, DiskDirectory directory) = Prepare("4.15");
        cgroup.Memcg.Kmem.TrySetMax(120).ShouldBe(Errno.None);
        long created = 0;
        while (machine.CreateFile(task, directory, created + 1) == Errno.None)
        {
            created++;
            machine.RunDueWork(machine.TimeNs);
        }
        created.ShouldBeInRange(200, 500);
        machine.Inodes.Live.ShouldBe(created + 1);
        machine.Stat(task, directory, created + 1).ShouldBeOneOf(Errno.ENOENT, Errno.ENOMEM);
        machine.UnlinkFile(task, directory, 1).ShouldBe(Errno.None);
        machine.Verify();
        Should.Throw<ArgumentException>(() => machine.CreateFile(task, machine.Directory("/dev/shm"), 1)).Message.ShouldContain("RAM file system");
    }

    [Theory]
    [InlineData("4.15", "__d_alloc;d_alloc_parallel;path_openat;do_filp_open;do_sys_open;sys_open;do_syscall_64;entry_SYSCALL_64_after_hwframe")]
    [InlineData("6.12", "__d_alloc;d_alloc_parallel;path_openat;do_filp_open;do_sys_openat2;__x64_sys_open;do_syscall_64;entry_SYSCALL_64_after_hwframe")]
    public void NamesOfNewFilesComeFromOpen(string era, string stack)
    {
        (Machine machine, _, TaskStruct task, DiskDirectory directory) = Prepare(era);
        machine.Stat(task, directory, 9); // the directory is cached
        foreach (string function in machine.Probes.Functions)
        {
            machine.Probes.TryAttach(function).ShouldBeTrue();
        }
        Each(machine, 500, number => machine.CreateFile(task, directory, 100 + number), Errno.None);
        ProbeStackTests.Modelled(machine, "__d_alloc").ShouldHaveSingleItem().Key.ShouldBe(stack);
        string[] charges = [.. ProbeStackTests.Modelled(machine, "page_counter_try_charge").Keys];
        charges.ShouldContain(each => each.Contains("ext4_alloc_inode;alloc_inode;new_inode") && each.Contains(";ext4_create;path_openat;"));
        foreach (ProbeStack each in machine.Probes.Stacks)
        {
            each.Frames.Distinct().Count().ShouldBe(each.Frames.Count, string.Join(';', each.Frames));
        }
    }

    [Theory]
    [InlineData("4.15", 0)]
    [InlineData("5.4", 150)]
    [InlineData("6.18", 150)]
    public void Section4_8_DentryStateCountsNegativeNamesFrom5_0(string era, int negative)
    {
        (Machine machine, _, TaskStruct task, DiskDirectory directory) = Prepare(era);
        Each(machine, 50, number => machine.CreateFile(task, directory, number), Errno.None);
        Each(machine, 150, number => machine.Stat(task, directory, 1000 + number), Errno.ENOENT);
        machine.Files.Read("/proc/sys/fs/dentry-state").Text.ShouldBe($"201\t200\t45\t0\t{negative}\t0\n");
        machine.Files.Read("/proc/sys/fs/inode-nr").Text.ShouldBe("51\t0\n");
        machine.Files.List("/proc/sys/fs").Names.ShouldBe(["dentry-state", "inode-nr"]);
        machine.Files.List("/proc/sys").Names.ShouldBe(["fs/", "vm/"]);
        machine.Files.Write("/proc/sys/fs/dentry-state", "1").ShouldBe(Errno.EACCES);
        machine.Files.Read("/proc/sys/fs").Errno.ShouldBe(Errno.EISDIR);
        machine.Files.Read("/proc/sys/fs/file-max").Errno.ShouldBe(Errno.ENOENT);
    }
}
