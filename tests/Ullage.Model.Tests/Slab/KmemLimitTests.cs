using Ullage.Abi;
using Ullage.Model.Cgroups;
using Ullage.Model.Charging;
using Ullage.Model.Slab;

namespace Ullage.Model.Tests.Slab;

/// <summary>What happens when only the kmem limit is in the way (§4.9, §13.1).</summary>
public sealed class KmemLimitTests
{
    private const string Article =
        "filp:48 inode_cache:52 kmalloc-192:42 kmalloc-1024:32 task_struct:10 cred_jar:63 pid:192 files_cache:46 kmalloc-64:128 kmalloc-2048:18 "
        + "kmalloc-96:42 sighand_cache:15 signal_cache:16 mm_struct:30 vm_area_struct:76 anon_vma:92 ext4_inode_cache:30 radix_tree_node:28 proc_inode_cache:24";

    private static (Machine Machine, Cgroup Group) WithLimit(string era, long pages, int cpus = 2)
    {
        Machine machine = Machine.Boot(new MachineOptions
        {
            Era = Workloads.Era(era), CgroupVersion = 1, Cpus = cpus, PossibleCpus = 4, MemoryBytes = 1L << 30,
        });
        Cgroup group = machine.Make("/000");
        group.Memcg.Kmem.TrySetMax(pages).ShouldBe(Errno.None);
        return (machine, group);
    }

    /// <summary>Allocates until ENOMEM; answers how many succeeded. The first one that a child cache serves is not the first: it is made meanwhile.</summary>
    private static long Fill(Machine machine, Cgroup group, string cache, List<SlabObject>? kept = null)
    {
        KmemCache found = machine.Slab.Cache(cache);
        for (long done = 0; done < 10_000_000; done++)
        {
            if (!machine.Slab.TryAllocate(found, group.Memcg, Gfp.Kernel, out SlabObject allocated))
            {
                return done;
            }
            kept?.Add(allocated);
            machine.Spend(100);
            machine.RunDueWork(machine.TimeNs);
        }
        return -1;
    }

    [Fact]
    public void PlaceSlabsArticleTakes113Pages()
    {
        (Machine machine, Cgroup group) = WithLimit("4.15", 25600);
        Place(machine, group);
        group.Memcg.Kmem.Usage.ShouldBe(113);
        machine.Verify();
    }

    private static void Place(Machine machine, Cgroup group)
    {
        foreach (string each in Article.Split(' '))
        {
            string[] parts = each.Split(':');
            machine.PlaceSlabs(group, parts[0], long.Parse(parts[1], System.Globalization.CultureInfo.InvariantCulture)).ShouldBe(Errno.None);
        }
    }

    [Fact]
    public void ForkAtTheLimitFailsForTheBitsOfTheShellsFileTable()
    {
        (Machine machine, Cgroup group) = WithLimit("4.15", 25600);
        Place(machine, group);
        TaskStruct shell = machine.Enter(group, "bash");
        Fill(machine, group, "dentry").ShouldBeInRange(535227, 535800);
        group.Memcg.Kmem.Usage.ShouldBe(25600);
        machine.CurrentCpu = 1;
        machine.Clock.AdvanceTo(machine.TimeNs + 20_000_000_000);
        int before = machine.Log.Records.Count;
        machine.Fork(shell, "ls").Errno.ShouldBe(Errno.ENOMEM);
        machine.Log.Records.Skip(before).Select(record => record.Text).ShouldBe(
        [
            "SLUB: Unable to allocate memory on node -1, gfp=0x15000c0(GFP_KERNEL_ACCOUNT)",
            "  cache: kmalloc-96(4:000), object size: 96, buffer size: 96, default order: 0, min order: 0",
            "  node 0: slabs: 1, objs: 42, free: 0",
        ]);
        machine.Verify();
    }

    [Theory]
    [InlineData("4.15", 5120, 21, 2)]
    [InlineData("4.15", 25600, 21, 2)]
    [InlineData("5.4", 5120, 21, 2)]
    [InlineData("4.1", 5120, 21, 0)]
    public void AllocateAtTheLimitWholePagesFailsWithTwoCountsEach(string era, long pages, int perPage, int uncharged)
    {
        (Machine machine, Cgroup group) = WithLimit(era, pages);
        group.Memcg.KmemActive = true;
        long filled = Fill(machine, group, "dentry");
        filled.ShouldBeInRange(pages * perPage, (pages * perPage) + 250 + uncharged);
        group.Memcg.Kmem.Usage.ShouldBe(pages);
        long failcnt = group.Memcg.Kmem.Failcnt;
        for (int i = 0; i < 50; i++)
        {
            machine.Slab.TryAllocate(machine.Slab.Cache("dentry"), group.Memcg, Gfp.Kernel, out _).ShouldBeFalse();
        }
        (group.Memcg.Kmem.Failcnt - failcnt).ShouldBe(100);
        group.Memcg.Memory.Failcnt.ShouldBe(0);
        machine.Verify();
    }

    [Theory]
    [InlineData(5120, 104857)]
    [InlineData(25600, 524288)]
    [InlineData(1, 20)]
    public void AllocateAtTheLimitByTheByteFailsWithOneCountEachAndNoReport(long pages, long expected)
    {
        (Machine machine, Cgroup group) = WithLimit("5.10", pages);
        Fill(machine, group, "dentry").ShouldBe(expected);
        long failcnt = group.Memcg.Kmem.Failcnt;
        for (int i = 0; i < 50; i++)
        {
            machine.Slab.TryAllocate(machine.Slab.Cache("dentry"), group.Memcg, Gfp.Kernel, out _).ShouldBeFalse();
        }
        (group.Memcg.Kmem.Failcnt - failcnt).ShouldBe(50);
        machine.Log.Records.ShouldBeEmpty();
        machine.Slab.Rows(group.Memcg).ShouldBeEmpty();
        machine.Verify();
    }

    [Theory]
    [InlineData("6.1")]
    [InlineData("6.12")]
    [InlineData("6.18")]
    public void AllocateKernelsThatIgnoreTheLimitPassIt(string era)
    {
        (Machine machine, Cgroup group) = WithLimit(era, 10);
        for (int i = 0; i < 1000; i++)
        {
            machine.Slab.TryAllocate(machine.Slab.Cache("dentry"), group.Memcg, Gfp.Kernel, out _).ShouldBeTrue();
        }
        group.Memcg.Kmem.Usage.ShouldBe(1000 * 200 / 4096 + 1);
        group.Memcg.Kmem.Failcnt.ShouldBe(0);
    }

    [Fact]
    public void ReportElevenFailuresInFiveSecondsTenAreTold()
    {
        (Machine machine, Cgroup group) = WithLimit("4.15", 1);
        Fill(machine, group, "dentry");
        for (int i = 0; i < 24; i++)
        {
            machine.Slab.TryAllocate(machine.Slab.Cache("dentry"), group.Memcg, Gfp.Kernel, out _).ShouldBeFalse();
        }
        machine.Log.Records.Count.ShouldBe(30);
        machine.Clock.AdvanceTo(machine.TimeNs + 6_000_000_000);
        machine.Slab.TryAllocate(machine.Slab.Cache("dentry"), group.Memcg, Gfp.Kernel, out _).ShouldBeFalse();
        machine.Log.Records[30].Text.ShouldBe("slab_out_of_memory: 15 callbacks suppressed");
        machine.Log.Records[31].Text.ShouldBe("SLUB: Unable to allocate memory on node -1, gfp=0x14000c0(GFP_KERNEL)");
    }

    [Theory]
    [MemberData(nameof(Workloads.Eras), MemberType = typeof(Workloads))]
    public void FreeEverythingGivesEveryPageBack(string era)
    {
        Machine machine = Workloads.Boot(era);
        Cgroup group = machine.Make("/a");
        group.Memcg.KmemActive = true;
        List<SlabObject> kept = [];
        for (int i = 0; i < 5000; i++)
        {
            machine.Slab.TryAllocate(machine.Slab.Cache("dentry"), group.Memcg, Gfp.Kernel, out SlabObject allocated).ShouldBeTrue();
            kept.Add(allocated);
            machine.Spend(100);
            machine.RunDueWork(machine.TimeNs);
        }
        machine.Verify();
        group.Memcg.Kmem.Usage.ShouldBeGreaterThan(200);
        kept.ForEach(machine.Slab.Free);
        machine.Verify();
        machine.Hierarchy.Rmdir("/a").ShouldBe(Errno.None);
        machine.RunDueWork(machine.TimeNs + 1_000_000_000);
        machine.Verify();
        machine.Slab.TotalPages(reclaimable: true).ShouldBeLessThan(30); // CPU slabs and what the node keeps
    }

    [Theory]
    [InlineData("4.15", 1)]
    [InlineData("5.4", 0)]
    [InlineData("5.10", 0)]
    [InlineData("6.12", 0)]
    public void RmdirWithLivingObjectsKeepsTheCgroupUntil52(string era, int dying)
    {
        Machine machine = Workloads.Boot(era);
        machine.Make("/p");
        Cgroup group = machine.Make("/p/a");
        Fill20(machine, group);
        machine.Hierarchy.Rmdir("/p/a").ShouldBe(Errno.None);
        machine.RunDueWork(machine.TimeNs + 1_000_000_000);
        machine.Charge.DrainAllStock(machine.Hierarchy.Root.Memcg);
        machine.RunDueWork(machine.TimeNs + 1_000_000_000);
        machine.Hierarchy.Root.DyingDescendants.ShouldBe(dying);
        machine.Verify();
        machine.Hierarchy.Find("/p")!.Memcg.Kmem.Usage.ShouldBeGreaterThan(0);
    }

    private static void Fill20(Machine machine, Cgroup group)
    {
        for (int i = 0; i < 300; i++)
        {
            machine.Slab.TryAllocate(machine.Slab.Cache("dentry"), group.Memcg, Gfp.Kernel, out _).ShouldBeTrue();
            machine.Spend(1000);
            machine.RunDueWork(machine.TimeNs);
        }
    }
}
