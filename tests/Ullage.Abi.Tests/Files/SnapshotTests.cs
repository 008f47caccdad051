using Ullage.Abi.Files;
using Ullage.Abi.Text;

namespace Ullage.Abi.Tests.Files;

public sealed class SnapshotTests
{
    [Fact]
    public void FormatAfterParseGivesEverySnapshotBack()
    {
        Dictionary<KernelFileKind, int> seen = [];
        foreach ((string path, string file) in TestData.Snapshots())
        {
            KernelFileKind kind = KernelFileKinds.Of(path);
            if (kind == KernelFileKind.Unknown)
                continue;
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
    public void OnlyNamesAndWordsAreOfUnknownKind()
    {
        HashSet<string> unknown = [];
        foreach ((string path, _) in TestData.Snapshots())
        {
            if (KernelFileKinds.Of(path) == KernelFileKind.Unknown)
                unknown.Add(Path.GetFileName(path));
        }
        unknown.ShouldBe(["comm"], ignoreOrder: true);
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
