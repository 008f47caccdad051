using Ullage.Abi;
using Ullage.Cli.Run;
using Ullage.Cli.Tests.Support;
using Ullage.Lab.Results;

namespace Ullage.Cli.Tests.Run;

public sealed class VerdictTests
{
    [Fact]
    public void OfAKillOnV2NamesTheKernelMemoryOfTheReport()
    {
        RunResult result = Canned.Oom with { Dmesg = Canned.Log("E3-6.12-v2-lim100M.txt"), Processes = [Canned.Oom.Processes[0] with { Pid = 192 }] };
        Verdict.Of(result, []).ShouldBe(
            "grower was killed by the OOM killer at 99.8M of its 100M limit (/test1): 25548 pages touched; "
            + "the other 208K is kernel memory (page tables 200K, slab 1.5K).");
    }

    [Fact]
    public void OfAKillBesideAnotherProcessSaysWhatIsNotItsOwn()
    {
        ProcessResult killed = Canned.Oom.Processes[0] with { Steps = [new StepResult { Op = "grow", Requested = 51200, Done = 10240 }] };
        Verdict.Of(Canned.Oom with { Processes = [killed] }, []).ShouldBe(
            "grower was killed by the OOM killer at 40M of its 100M limit (/test1): 10240 pages touched; "
            + "of the other 60M, 208K is kernel memory (page tables, slab), 59.8M other memory charged there.");
    }

    [Fact]
    public void OfAGroupKillNamesTheOthers()
    {
        ProcessResult first = Canned.Oom.Processes[0] with { Pid = 208 };
        RunResult result = Canned.Oom with
        {
            Dmesg = Canned.Log("E3-6.12-v2-lim100M-oomgroup.txt"),
            Processes = [first, first with { Name = "holder", Pid = 207, Steps = [] }],
        };
        Verdict.Of(result, []).ShouldContain("; holder died with it, because memory.oom.group is set");
    }

    [Fact]
    public void OfAKillWithoutAReportClaimsNothing()
    {
        Verdict.Of(Canned.Oom with { Dmesg = [] }, []).ShouldBe("grower was killed by the OOM killer.");
    }

    [Theory]
    [InlineData(null, "; /a had a sampled peak of 40M of its 100M limit (40%).")]
    [InlineData("52428800\n", "; /a peaked at 50M of its 100M limit (50%).")]
    public void OfARunWithoutAKillGivesTheKernelsPeakOrSaysThatItIsSampled(string? collected, string expected)
    {
        Ullage.Lab.Scenarios.Scenario scenario = new()
        {
            Name = "s", Cgroup = new() { Version = 1, Groups = [new() { Path = "/a" }] },
        };
        FakeFiles files = new();
        files.Texts["/sys/fs/cgroup/memory/a/memory.usage_in_bytes"] = "41943040\n";
        files.Texts["/sys/fs/cgroup/memory/a/memory.limit_in_bytes"] = "104857600\n";
        RunResult result = new()
        {
            Scenario = "s", Target = "host", Kernel = "6.18", Ended = "idle",
            Files = collected is null ? [] : [new("/sys/fs/cgroup/memory/a/memory.max_usage_in_bytes", collected)],
        };
        RunRecorder recorder = new(scenario);
        recorder.OnStart("host", "6.18", files);
        recorder.Finish(result);
        Verdict.Of(result, [.. recorder.Gauges.Select(gauge => gauge.Shown)]).ShouldEndWith(expected);
    }

    [Fact]
    public void OfAnErrnoNamesStepAndPeak()
    {
        UsageSeries kmem = new("/000", "kmem");
        kmem.Add(new UsagePoint(0, 0, 100 << 20));
        kmem.Add(new UsagePoint(1, 100 << 20, 100 << 20));
        RunResult result = Canned.Oom with
        {
            Dmesg = [],
            Processes =
            [
                new ProcessResult
                {
                    Name = "perl", Cgroup = "/000", State = "exited", ExitCode = 0,
                    Steps = [new StepResult { Op = "stat_missing", Requested = 1000000, Done = 535227, Errno = Errno.ENOMEM }],
                },
            ],
        };
        Verdict.Of(result, [kmem]).ShouldBe(
            "perl got ENOMEM (Cannot allocate memory) from stat_missing (step 0) after 535227 of 1000000 files; "
            + "/000 had a sampled peak of 100M of its 100M kmem limit (100%).");
    }

    [Fact]
    public void OfAForkThatFailedSaysWhatFailedHowManyElseAndHowOftenTheLimitRefused()
    {
        UsageSeries kmem = new("/000", "kmem");
        kmem.Add(new UsagePoint(0, 100 << 20, 100 << 20));
        ProcessResult shell = new()
        {
            Name = "bash", Cgroup = "/000", State = "exited", ExitCode = 1, Steps = [new StepResult { Op = "fork", Requested = 1, Errno = Errno.ENOMEM }],
        };
        RunResult result = Canned.Oom with
        {
            Dmesg = [], Processes = [shell, shell with { Name = "-bash" }], Files = [new("/sys/fs/cgroup/memory/000/memory.kmem.failcnt", "7092813\n")],
        };
        Verdict.Of(result, [kmem]).ShouldBe(
            "the fork of bash (step 0) failed with ENOMEM (Cannot allocate memory), and 1 other step failed; "
            + "/000 had a sampled peak of 100M of its 100M kmem limit (100%), which refused 7092813 charges.");
    }

    [Fact]
    public void OfAQuietRunSaysThatNothingFailed()
    {
        RunResult result = Canned.Oom with { Dmesg = [], Processes = [new ProcessResult { Name = "a", State = "exited", ExitCode = 0 }] };
        Verdict.Of(result, []).ShouldBe("nothing was killed and no step failed.");
    }
}
