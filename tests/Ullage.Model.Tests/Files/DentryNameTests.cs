using Ullage.Abi;
using Ullage.Model.Charging;
using Ullage.Model.Files;

namespace Ullage.Model.Tests.Files;

/// <summary>§4.8: a name that does not fit into its dentry is an object of its own.</summary>
public sealed class DentryNameTests
{
    [Theory]
    [InlineData("4.15", 32, "kmalloc-64")]
    [InlineData("5.4", 32, "kmalloc-rcl-64")]
    [InlineData("5.10", 32, "kmalloc-rcl-64")]
    [InlineData("6.1", 32, "kmalloc-rcl-64")]
    [InlineData("6.12", 40, "kmalloc-rcl-64")]
    [InlineData("6.18", 40, "kmalloc-rcl-64")]
    public void StatOfANameThatDoesNotFitTakesAnObjectForTheName(string era, int inlineBytes, string cache)
    {
        (Machine machine, TaskStruct task) = Booted(era);
        DiskDirectory directory = machine.Directory("/data");
        long fits = machine.NamesWith(new string('a', inlineBytes - 2)); // with its one digit a byte less than the room
        long tooLong = machine.NamesWith(new string('b', inlineBytes - 1));
        long before = machine.Slab.ObjectsInUse(machine.Slab.Cache(cache));

        machine.Stat(task, directory, fits + 1).ShouldBe(Errno.ENOENT);
        machine.Dcache.Names.External.ShouldBe(0);

        machine.Stat(task, directory, tooLong + 1).ShouldBe(Errno.ENOENT);
        machine.Dcache.Names.External.ShouldBe(1);
        machine.Slab.ObjectsInUse(machine.Slab.Cache(cache)).ShouldBe(before + 1);
        machine.Stat(task, directory, tooLong + 1).ShouldBe(Errno.ENOENT); // cached
        machine.Dcache.Names.External.ShouldBe(1);

        machine.Files.Write("/proc/sys/vm/drop_caches", "2");
        machine.Dcache.Barrier();
        machine.Dcache.Names.External.ShouldBe(0);
        machine.Slab.ObjectsInUse(machine.Slab.Cache(cache)).ShouldBe(before);
        machine.Verify();
    }

    [Theory]
    [InlineData(100, 200 + 136)] // 17 + 101 bytes: kmalloc-128
    [InlineData(200, 200 + 264)] // kmalloc-256
    public void StatOn510IsChargedForDentryAndName(int prefixBytes, long bytesEach)
    {
        (Machine machine, TaskStruct task) = Booted("5.10");
        DiskDirectory directory = machine.Directory("/data");
        long names = machine.NamesWith(new string('n', prefixBytes));
        machine.Stat(task, directory, names).ShouldBe(Errno.ENOENT);
        long before = Reclaimable(task);
        for (int i = 1; i <= 9; i++)
        {
            machine.Stat(task, directory, names + i).ShouldBe(Errno.ENOENT);
        }
        (Reclaimable(task) - before).ShouldBe(9 * bytesEach);
    }

    [Fact]
    public void NamesWithDifferentPrefixesAreDifferent()
    {
        (Machine machine, TaskStruct task) = Booted("6.1");
        DiskDirectory directory = machine.Directory("/data");
        long live = machine.Dcache.Live;
        foreach (string prefix in (string[])["", "a", "b", "a"])
        {
            machine.Stat(task, directory, machine.NamesWith(prefix) + 1).ShouldBe(Errno.ENOENT);
        }
        (machine.Dcache.Live - live).ShouldBe(4); // three names and the directory
    }

    /// <summary>A task in a cgroup whose child caches exist already, where the kernel has such.</summary>
    private static (Machine Machine, TaskStruct Task) Booted(string era)
    {
        Machine machine = Workloads.Boot(era, 1);
        TaskStruct task = machine.Enter(machine.Make("/a"));
        DiskDirectory directory = machine.Directory("/warm");
        machine.Stat(task, directory, machine.NamesWith(new string('w', 45)));
        machine.Spend(1_000_000);
        machine.RunDueWork(machine.TimeNs);
        machine.Files.Write("/proc/sys/vm/drop_caches", "2");
        machine.Dcache.Barrier();
        return (machine, task);
    }

    private static long Reclaimable(TaskStruct task) => task.Cgroup.Memcg.Stats.Exact(MemcgStat.SlabReclaimable);
}
