using Ullage.Abi.Files;
using Ullage.Abi.Text;
using Xunit.Abstractions;

namespace Ullage.Abi.Tests.Files;

public sealed class SnapshotTests(ITestOutputHelper output)
{
    [Fact]
    public void FormatAfterParseGivesEverySnapshotBack()
    {
        Dictionary<KernelFileKind, int> seen = [];
        foreach ((string path, string file) in TestData.Snapshots())
        {
            KernelFileKind kind = KernelFileKinds.Of(path);
            kind.ShouldNotBe(KernelFileKind.Unknown, path);
            ParseProblem problem = RoundTrip.Checks[kind](File.ReadAllText(file));
            problem.IsNone.ShouldBeTrue($"{file}: {problem}");
            seen[kind] = seen.GetValueOrDefault(kind) + 1;
        }
        foreach (KernelFileKind kind in RoundTrip.Checks.Keys)
            seen.GetValueOrDefault(kind).ShouldBeGreaterThan(20, $"{kind} has too few snapshots");
    }

    [Fact]
    public void SnapshotsCoverAllKernelsAndStates()
    {
        string[] kernels = ["4.15-v1", "5.4-v1", "5.10-v1", "6.1-v1", "6.1-v2", "6.12-v2", "6.18-v1"];
        foreach (string kernel in kernels)
        {
            string[] states = kernel == "6.18-v1" ? ["idle", "pressure", "after-oom"] : ["idle", "pressure", "after-oom", "swap"];
            foreach (string state in states)
                File.Exists(Path.Combine(TestData.Fixtures, kernel, state, "proc", "meminfo")).ShouldBeTrue($"{kernel}/{state}");
        }
    }

    [Fact]
    public void EverySnapshotIsOfAKnownKind()
    {
        HashSet<string> unknown = [];
        foreach ((string path, _) in TestData.Snapshots())
        {
            if (KernelFileKinds.Of(path) == KernelFileKind.Unknown)
                unknown.Add(Path.GetFileName(path));
        }
        unknown.ShouldBeEmpty();
    }

    [Fact]
    public void TreesNamedInTheEnvironmentRoundTripToo()
    {
        if (Environment.GetEnvironmentVariable("ULLAGE_FIXTURES") is not string directory)
        {
            output.WriteLine("skipped: ULLAGE_FIXTURES names no directory of further trees (KERNEL/STATE/proc, KERNEL/STATE/sys)");
            return;
        }
        int files = 0;
        foreach ((string path, string file) in TestData.Snapshots(directory))
        {
            KernelFileKind kind = KernelFileKinds.Of(path);
            kind.ShouldNotBe(KernelFileKind.Unknown, file);
            ParseProblem problem = RoundTrip.Checks[kind](File.ReadAllText(file));
            problem.IsNone.ShouldBeTrue($"{file}: {problem}");
            files++;
        }
        output.WriteLine($"{files} files");
        files.ShouldBeGreaterThan(0);
    }

    [Fact]
    public void ZonesHaveTheirWatermarksAndFreeBlocks()
    {
        ZoneInfo zones = RoundTrip.Parse<ZoneInfo>(TestData.Fixture("6.12-v2/idle/proc/zoneinfo"));
        ZoneInfoZone dma32 = zones["DMA32"]!;
        (dma32.Min, dma32.Low, dma32.High, dma32.Managed).ShouldBe((11177UL, 13971UL, 16765UL, 496681UL));
        zones["Normal"]?.Managed.ShouldBe(0UL);
        BuddyInfo buddy = RoundTrip.Parse<BuddyInfo>(TestData.Fixture("6.12-v2/idle/proc/buddyinfo"));
        BuddyInfoRow row = buddy.Rows.Single(each => each.Zone == "DMA32");
        row.FreeBlocks[10].Value.ShouldBe(451UL);
        // Pages on per-CPU lists are free, too, and in no block.
        row.FreePages.ShouldBeInRange((long)dma32.FreePages!.Value - 2000, (long)dma32.FreePages.Value + 2000);
        RoundTrip.Parse<WordLines>(TestData.Fixture("6.12-v2/idle/proc/loadavg"))[0, 0].ShouldNotBeNull();
    }

    [Theory]
    [InlineData("E1-5.4-v1-kmem20M.txt")]
    [InlineData("E3-4.15-v1-lim100M.txt")]
    [InlineData("E3-5.10-v1-lim50M.txt")]
    [InlineData("E3-6.12-v2-lim100M.txt")]
    public void DmesgTextsRoundTrip(string name)
    {
        string text = TestData.Fixture("dmesg/" + name);
        text.Count(c => c == '\n').ShouldBeGreaterThan(10);
        RoundTrip.Check<DmesgText>(text).ShouldBe(ParseProblem.None);
    }

    [Fact]
    public void TypedValuesAreThoseOfTheSnapshot()
    {
        MemInfo meminfo = RoundTrip.Parse<MemInfo>(TestData.Fixture("5.4-v1/swap/proc/meminfo"));
        meminfo.TotalKb.ShouldBe(2031084);
        meminfo.SwapFreeKb.ShouldBe(1006588);
        meminfo["VmallocTotal"].ShouldBe(34359738367);
        meminfo["Zswap"].ShouldBeNull();
        ProcStatus status = RoundTrip.Parse<ProcStatus>(TestData.Fixture("5.4-v1/swap/proc/self/status"));
        (status.Pid, status.VmRssKb, status.RssAnonKb, status.State, status.Name).ShouldBe((221, 41868, 41124, 'R', "wl"));
        RoundTrip.Parse<Statm>(TestData.Fixture("5.4-v1/swap/proc/self/statm")).Resident.ShouldBe(10467);
        TaskCgroups cgroups = RoundTrip.Parse<TaskCgroups>(TestData.Fixture("6.18-v1/idle/proc/self/cgroup"));
        (cgroups.PathOf("memory"), cgroups.UnifiedPath, cgroups.PathOf("rdma")).ShouldBe(("/gt/work/web", "/", null));
        PressureFile pressure = RoundTrip.Parse<PressureFile>(TestData.Fixture("5.4-v1/pressure/proc/pressure/memory"));
        pressure.Some.ShouldBe(new PressureLine(219, 42, 8, 295662));
        RoundTrip.Parse<PressureFile>(TestData.Fixture("5.4-v1/idle/proc/pressure/cpu")).Full.ShouldBeNull();
        MountInfo mounts = RoundTrip.Parse<MountInfo>(TestData.Fixture("5.4-v1/swap/proc/self/mountinfo"));
        mounts.Entries.Single(mount => mount.IsCgroup1With("memory")).MountPoint.ShouldBe("/sys/fs/cgroup/memory");
    }
}
