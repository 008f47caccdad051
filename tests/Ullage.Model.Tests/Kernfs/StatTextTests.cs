using Ullage.Abi;
using Ullage.Abi.Files;
using Ullage.Abi.Text;
using Ullage.Model.AddressSpace;
using Ullage.Model.Cgroups;

namespace Ullage.Model.Tests.Kernfs;

/// <summary>§11.4 to §11.6: exact texts and values.</summary>
public sealed class StatTextTests
{
    private static (Machine Machine, Cgroup Cgroup, TaskStruct Task) Small(string era, int version, int pages)
    {
        Machine machine = Workloads.Boot(era, version, cpus: 1);
        Cgroup cgroup = machine.Make("/c");
        TaskStruct task = machine.Enter(cgroup); // writes one page itself
        machine.Grow(task, pages, out _).ShouldBe(pages);
        machine.AsHarness();
        return (machine, cgroup, task);
    }

    [Fact]
    public void Section11_4_V1StatOf4_15_IsExactToThePage()
    {
        (Machine machine, Cgroup cgroup, _) = Small("4.15", 1, 99);
        const string own = """
            cache 0
            rss 409600
            rss_huge 0
            shmem 0
            mapped_file 0
            dirty 0
            writeback 0
            swap 0
            pgpgin 100
            pgpgout 0
            pgfault 100
            pgmajfault 0
            inactive_anon 0
            active_anon 405504
            inactive_file 0
            active_file 0
            unevictable 0

            """;
        // The program's own 307 pages and these 100 fill 29 LRU batches of 14: the last page waits in the next.
        string total = string.Concat(own.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => "total_" + line + "\n"));
        machine.Show(cgroup, "memory.stat").ShouldBe(own + "hierarchical_memory_limit 9223372036854771712\nhierarchical_memsw_limit 9223372036854771712\n" + total);
    }

    [Fact]
    public void Section11_4_V2StatOf6_1_SeesPagesAndKernelMemory()
    {
        (Machine machine, Cgroup cgroup, _) = Small("6.1", 2, 599);
        Dictionary<string, long> stat = LimitFileTests.Keyed(machine.Show(cgroup, "memory.stat"));
        stat["anon"].ShouldBe(600 * 4096);
        stat["pgfault"].ShouldBe(600);
        stat["pagetables"].ShouldBeGreaterThanOrEqualTo(4096);
        stat["kernel"].ShouldBe(stat["pagetables"] + 4096, "and one page of slab objects");
        stat["slab"].ShouldBe(stat["slab_unreclaimable"]);
        (stat["anon"] + stat["kernel"]).ShouldBeLessThanOrEqualTo(long.Parse(machine.Show(cgroup, "memory.current")));
        LimitFileTests.Keyed(machine.Show("/sys/fs/cgroup/memory.stat"))["anon"].ShouldBeGreaterThan(stat["anon"], "the root shows the whole machine");
    }

    [Theory]
    [InlineData("5.10", 32)]
    [InlineData("5.4", 32)]
    public void Section2_17_BatchedEras_ShowOnlyWhatWasFolded(string era, int batch)
    {
        (Machine machine, Cgroup cgroup, _) = Small(era, 1, 99);
        long rss = LimitFileTests.Keyed(machine.Show(cgroup, "memory.stat"))["rss"] / 4096;
        rss.ShouldBe(100 / (batch + 1) * (batch + 1));
    }

    [Fact]
    public void Section11_4_V1StatSeparatesOwnFromTotal()
    {
        (Machine machine, Cgroup cgroup, _) = Small("6.18", 1, 99);
        Cgroup child = machine.Make("/c/d", 4096);
        TaskStruct inside = machine.Enter(child);
        machine.Grow(inside, 49, out _);
        machine.AsHarness();
        Dictionary<string, long> stat = LimitFileTests.Keyed(machine.Show(cgroup, "memory.stat"));
        (stat["rss"], stat["total_rss"]).ShouldBe((100 * 4096, 150 * 4096));
        LimitFileTests.Keyed(machine.Show(child, "memory.stat"))["hierarchical_memory_limit"].ShouldBe(4096 * 4096);
    }

    [Fact]
    public void Section11_2_RootUsage_IsWhatTheMachineHas()
    {
        (Machine machine, _, TaskStruct task) = Small("6.1", 1, 500);
        long usage = long.Parse(machine.Show("/sys/fs/cgroup/memory/memory.usage_in_bytes"));
        usage.ShouldBe(task.Mm!.AnonPages * 4096, "only this process has anonymous memory");
    }

    [Fact]
    public void Section11_6_MeminfoAndVmstatAgreeWithTheMachine()
    {
        (Machine machine, _, TaskStruct task) = Small("6.1", 2, 1000);
        MemInfo info = RoundTripped<MemInfo>(machine.Show("/proc/meminfo"));
        Dictionary<string, long> vmstat = LimitFileTests.Keyed(machine.Show("/proc/vmstat"));
        Dictionary<string, long> kb = machine.Show("/proc/meminfo").Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .ToDictionary(line => line.Split(':')[0], line => long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1]));
        info.ShouldNotBeNull();
        kb["AnonPages"].ShouldBe(task.Mm!.AnonPages * 4);
        vmstat["nr_anon_pages"].ShouldBe(task.Mm.AnonPages);
        kb["MemFree"].ShouldBe(machine.Frames.Free * 4L);
        kb["MemTotal"].ShouldBe(machine.Frames.Managed * 4L);
        kb["CommitLimit"].ShouldBe(machine.Frames.Managed * 50L / 100 * 4);
        kb["Committed_AS"].ShouldBe((task.Mm.DataPages + task.Mm.StackPages) * 4);
        kb["KernelStack"].ShouldBe(16);
        (vmstat["pgalloc_dma32"] - vmstat["pgfree"]).ShouldBe(machine.Frames.Used);
        vmstat["pgfault"].ShouldBe(machine.Faults.Count);
        vmstat["nr_page_table_pages"].ShouldBe(task.Mm.PteTables + task.Mm.PmdTables);
    }

    [Fact]
    public void Section11_6_OvercommitSettingsMoveTheCommitLimit()
    {
        Machine machine = Workloads.Boot("5.4");
        machine.Files.Write("/proc/sys/vm/overcommit_ratio", "80\n").ShouldBe(Errno.None);
        machine.Show("/proc/meminfo").ShouldContain($"CommitLimit:    {machine.Frames.Managed * 80L / 100 * 4,8} kB\n");
        machine.Files.Write("/proc/sys/vm/overcommit_kbytes", "4096").ShouldBe(Errno.None);
        machine.Show("/proc/meminfo").ShouldContain("CommitLimit:        4096 kB\n");
        machine.Show("/proc/sys/vm/overcommit_ratio").ShouldBe("0\n");
    }

    [Theory]
    [InlineData("5.4", "101", Errno.EINVAL)]
    [InlineData("5.10", "200", Errno.None)]
    [InlineData("5.10", "201", Errno.EINVAL)]
    [InlineData("5.10", "abc", Errno.EINVAL)]
    [InlineData("5.10", " 7 8", Errno.None)]
    public void Section0_4_SwappinessRange(string era, string text, Errno expected) =>
        Workloads.Boot(era, 2).Files.Write("/proc/sys/vm/swappiness", text).ShouldBe(expected);

    [Fact]
    public void SettingsWithoutEffect_DoNotExist()
    {
        Machine machine = Workloads.Boot("6.18");
        foreach (string name in (string[])["dirty_ratio", "laptop_mode", "zone_reclaim_mode", "stat_interval"])
        {
            machine.Files.Write("/proc/sys/vm/" + name, "1").ShouldBe(Errno.ENOENT, name);
        }
        Workloads.Boot("4.19").Files.Read("/proc/pressure/memory").Errno.ShouldBe(Errno.ENOENT);
        machine.Files.Write("/proc/sys/vm/drop_caches", "3").ShouldBe(Errno.None);
        machine.Show("/proc/vmstat").ShouldContain("drop_pagecache 1\ndrop_slab 1\n");
        machine.Log.Records[^1].Text.ShouldEndWith("drop_caches: 3");
    }

    [Theory]
    [MemberData(nameof(Workloads.Eras), MemberType = typeof(Workloads))]
    public void Section11_TextsRoundTripThroughTheParsers(string era)
    {
        for (int version = 1; version <= 2; version++)
        {
            (Machine machine, Cgroup cgroup, TaskStruct task) = Small(era, version, 50);
            RoundTripped<MemInfo>(machine.Show("/proc/meminfo"));
            RoundTripped<FlatKeyed>(machine.Show("/proc/vmstat"));
            RoundTripped<ProcCgroups>(machine.Show("/proc/cgroups"));
            RoundTripped<SwapsFile>(machine.Show("/proc/swaps"));
            RoundTripped<ProcStatus>(machine.Show($"/proc/{task.Pid}/status"));
            RoundTripped<Statm>(machine.Show($"/proc/{task.Pid}/statm"));
            RoundTripped<TaskCgroups>(machine.Show($"/proc/{task.Pid}/cgroup"));
            RoundTripped<PidList>(machine.Show(cgroup, "cgroup.procs"));
            foreach (string file in version == 1 ? (string[])["memory.stat", "memory.oom_control"] : ["memory.events", .. era == "4.1" ? (string[])[] : ["memory.stat"]])
            {
                RoundTripped<FlatKeyed>(machine.Show(cgroup, file));
            }
            if (version == 1)
            {
                RoundTripped<NumaStat>(machine.Show(cgroup, "memory.numa_stat"));
                RoundTripped<SlabInfo>(machine.Show(cgroup, "memory.kmem.slabinfo"));
            }
        }
    }

    private static T RoundTripped<T>(string text)
        where T : class, IKernelText<T>
    {
        T.TryParse(text, out T? value, out ParseProblem problem).ShouldBeTrue(problem + " in " + text);
        value!.Format().ShouldBe(text);
        return value;
    }

    [Fact]
    public void Section4_7_ChildCachesShowInSlabinfo_UntilObjectsAreCharged()
    {
        (Machine machine, Cgroup cgroup, TaskStruct task) = Small("5.4", 1, 1);
        machine.RunDueWork(machine.TimeNs + 1_000_000); // child caches are made by a work item
        for (int i = 0; i < 50; i++)
        {
            machine.Mmap(task, 4096, i % 2 == 0 ? VmaFlags.Read : VmaFlags.Read | VmaFlags.Write).Errno.ShouldBe(Errno.None);
        }
        SlabInfo info = RoundTripped<SlabInfo>(machine.Show(cgroup, "memory.kmem.slabinfo"));
        SlabInfoRow row = info["vm_area_struct"].ShouldNotBeNull();
        row.NumObjs.ShouldBeGreaterThanOrEqualTo(50);
        row.NumSlabs.ShouldBe(row.NumObjs / row.ObjsPerSlab);
        (Machine newer, Cgroup other, _) = Small("5.10", 1, 1);
        newer.Show(other, "memory.kmem.slabinfo").ShouldBe("");
    }

    [Fact]
    public void Section8_3_OomScoreAdj_HasItsRangeAndItsFloor()
    {
        (Machine machine, _, TaskStruct task) = Small("6.1", 2, 10);
        string path = $"/proc/{task.Pid}/oom_score_adj";
        machine.Files.Write(path, "1001").ShouldBe(Errno.EINVAL);
        machine.Files.Write(path, "abc").ShouldBe(Errno.EINVAL);
        machine.Files.Write(path, "99999999999").ShouldBe(Errno.ERANGE);
        machine.Files.Write(path, "100\n").ShouldBe(Errno.None);
        machine.Show($"/proc/{task.Pid}/oom_adj").ShouldBe("1\n");
        TaskStruct user = machine.Spawn(new SpawnOptions { Comm = "user", Uid = 1000 });
        machine.Files.Write($"/proc/{user.Pid}/oom_score_adj", "200").ShouldBe(Errno.None, "root sets the floor, too");
        machine.As(user);
        machine.Files.Write($"/proc/{user.Pid}/oom_score_adj", "300").ShouldBe(Errno.None);
        machine.Files.Write($"/proc/{user.Pid}/oom_score_adj", "200").ShouldBe(Errno.None);
        machine.Files.Write($"/proc/{user.Pid}/oom_score_adj", "199").ShouldBe(Errno.EACCES);
        machine.Files.Write(path, "300").ShouldBe(Errno.EACCES, "somebody else's");
    }

    [Fact]
    public void Section8_3_OomAdj_IsScaled()
    {
        (Machine machine, _, TaskStruct task) = Small("4.15", 1, 10);
        foreach ((string text, int expected) in (ReadOnlySpan<(string, int)>)[("15", 1000), ("-17", -1000), ("8", 470), ("0", 0)])
        {
            machine.Files.Write($"/proc/{task.Pid}/oom_adj", text).ShouldBe(Errno.None);
            task.Signal.OomScoreAdj.ShouldBe(expected);
        }
        machine.Files.Write($"/proc/{task.Pid}/oom_adj", "16").ShouldBe(Errno.EINVAL);
        machine.Log.Records.Count(record => record.Text.Contains("oom_adj is deprecated")).ShouldBe(1);
    }

    [Fact]
    public void Section11_6_PidFiles()
    {
        (Machine machine, _, TaskStruct task) = Small("4.1", 1, 10);
        machine.Show($"/proc/{task.Pid}/comm").ShouldBe("wl\n");
        machine.Show($"/proc/{task.Pid}/cgroup").ShouldBe("1:memory:/c\n");
        machine.Show($"/proc/{task.Pid}/status").ShouldContain("VmPMD:\t");
        machine.Show($"/proc/{task.Pid}/status").ShouldNotContain("RssAnon");
        machine.Files.Write($"/proc/{task.Pid}/comm", "x").ShouldBe(Errno.EINVAL, "only from within the process");
        machine.As(task);
        machine.Files.Write($"/proc/{task.Pid}/comm", "a-name-that-is-too-long\n").ShouldBe(Errno.None);
        task.Comm.ShouldBe("a-name-that-is-");
        machine.AsHarness();
        machine.Files.List("/proc").Names.ShouldContain(task.Pid + "/");
        machine.ExitGroup(task.Signal, 0, 0);
        machine.Files.Read($"/proc/{task.Pid}/status").Errno.ShouldBe(Errno.ENOENT);
    }
}
