using System.Globalization;
using Ullage.Lab.Results;
using Ullage.Lab.Scenarios;
using Ullage.Lab.Targets;
using Xunit.Abstractions;

namespace Ullage.Conformance;

/// <summary>
/// What a memory cgroup of version 1 does, told once and run on two kernels: the model of 6.18 and the kernel of this machine.
/// A body is a scenario and what must hold after it; exact where the kernel is, within a charge batch where CPUs matter.
/// </summary>
public abstract class KernelConformance(ITestOutputHelper output)
{
    private const string Memory = "/sys/fs/cgroup/memory/";
    private const int Batch = 64;

    /// <summary>The kernel under test, or null and the reason why there is none here.</summary>
    protected abstract ITarget? Target(out string? whyNot);

    /// <summary>True when the kernel under test may lack what a scenario needs; the model must run them all.</summary>
    protected abstract bool MaySkip { get; }

    /// <summary>Judges a result; a kernel that is not 6.18-like says so by skipping.</summary>
    private void Run(string yaml, Action<RunResult> judge)
    {
        ITarget? target = Target(out string? whyNot);
        if (target is null)
        {
            output.WriteLine("skipped: " + whyNot);
            return;
        }
        ScenarioReadResult read = ScenarioReader.Read(yaml, "conformance.yaml", []);
        read.Problems.ShouldBeEmpty();
        RunResult result;
        try
        {
            result = target.Run(read.Scenario!, new RunOptions(), new NobodyWatches(), CancellationToken.None);
        }
        catch (TargetUnavailableException unavailable) when (MaySkip)
        {
            output.WriteLine("skipped: " + unavailable.Message);
            return;
        }
        judge(result);
    }

    private static long Number(RunResult result, string file) =>
        long.Parse(result.Files.Single(f => f.Key == Memory + file).Value.Trim(), CultureInfo.InvariantCulture);

    private static string Text(RunResult result, string file) => result.Files.Single(f => f.Key == Memory + file).Value;

    private static ProcessResult Process(RunResult result, string name) => result.Processes.Single(process => process.Name == name);

    private static string[] Errnos(RunResult result, string name) => [.. Process(result, name).Steps.Select(step => step.Errno.ToString())];

    [Fact]
    public void TouchingPastTheLimitIsKilledAndCounted() => Run(
        """
        name: past-the-limit
        kernel: "6.18"
        cgroup: { version: 1, groups: { /c: { memory.limit_in_bytes: 20M } } }
        processes: [ { name: grower, cgroup: /c, do: [ { grow: { bytes: 64M } } ] } ]
        collect:
          - /sys/fs/cgroup/memory/c/memory.max_usage_in_bytes
          - /sys/fs/cgroup/memory/c/memory.failcnt
          - /sys/fs/cgroup/memory/c/memory.oom_control
        """,
        result =>
        {
            ProcessResult grower = Process(result, "grower");
            grower.OomKilled.ShouldBeTrue();
            grower.Signal.ShouldBe("SIGKILL");
            grower.Steps[0].Done.ShouldBeInRange(5108 - Batch, 5109);
            Number(result, "c/memory.max_usage_in_bytes").ShouldBe(20 << 20);
            Number(result, "c/memory.failcnt").ShouldBeInRange(36, 36 + (2 * Batch));
            Text(result, "c/memory.oom_control").ShouldBe("oom_kill_disable 0\nunder_oom 0\noom_kill 1\n");
        });

    [Fact]
    public void TheLimitingAncestorCountsFailuresAndTheVictimsGroupCountsTheKill() => Run(
        """
        name: ancestor
        kernel: "6.18"
        cgroup: { version: 1, groups: { /p: { memory.limit_in_bytes: 20M }, /p/c: {} } }
        processes: [ { name: grower, cgroup: /p/c, do: [ { grow: { bytes: 64M } } ] } ]
        collect:
          - /sys/fs/cgroup/memory/p/memory.failcnt
          - /sys/fs/cgroup/memory/p/c/memory.failcnt
          - /sys/fs/cgroup/memory/p/memory.oom_control
          - /sys/fs/cgroup/memory/p/c/memory.oom_control
          - /sys/fs/cgroup/memory/p/c/memory.max_usage_in_bytes
        """,
        result =>
        {
            Number(result, "p/memory.failcnt").ShouldBeGreaterThanOrEqualTo(36);
            Number(result, "p/c/memory.failcnt").ShouldBe(0);
            Text(result, "p/memory.oom_control").ShouldEndWith("oom_kill 0\n");
            Text(result, "p/c/memory.oom_control").ShouldEndWith("oom_kill 1\n");
            Number(result, "p/c/memory.max_usage_in_bytes").ShouldBeInRange(20 << 20, (20 << 20) + (Batch * 4096), "the child is charged before its parent refuses");
        });

    [Fact]
    public void TheBiggerProcessDiesAndTheOtherGoesOn() => Run(
        """
        name: bigger
        kernel: "6.18"
        cgroup: { version: 1, groups: { /c: { memory.limit_in_bytes: 40M } } }
        processes:
          - { name: big, cgroup: /c, do: [ { grow: { bytes: 24M } }, { pause: } ] }
          - { name: small, cgroup: /c, start: 1s, do: [ { grow: { bytes: 20M } }, { exit: 3 } ] }
        stop: { after: 10s }
        """,
        result =>
        {
            Process(result, "big").OomKilled.ShouldBeTrue();
            Process(result, "small").ExitCode.ShouldBe(3);
            Process(result, "small").Steps[0].Done.ShouldBe(5120);
        });

    [Fact]
    public void OomScoreAdjMovesTheChoice() => Run(
        """
        name: adj
        kernel: "6.18"
        cgroup: { version: 1, groups: { /c: { memory.limit_in_bytes: 40M } } }
        processes:
          - { name: small, cgroup: /c, oom_score_adj: 900, do: [ { grow: { bytes: 4M } }, { pause: } ] }
          - { name: grower, cgroup: /c, start: 300ms, do: [ { grow: { bytes: 37M } }, { exit: 0 } ] }
        stop: { after: 5s }
        """,
        result =>
        {
            Process(result, "small").OomKilled.ShouldBeTrue();
            Process(result, "grower").OomKilled.ShouldBeFalse();
        });

    [Fact]
    public void ControlFilesAcceptAndRefuseTheSameTexts() => Run(
        """
        name: writes
        kernel: "6.18"
        cgroup: { version: 1, groups: { /c: {} } }
        processes:
          - name: w
            do:
              - { echo: { file: /sys/fs/cgroup/memory/c/memory.limit_in_bytes, value: "0x1000000" , until: done } }
              - { echo: { file: /sys/fs/cgroup/memory/c/memory.limit_in_bytes, value: "1X", until: done } }
              - { echo: { file: /sys/fs/cgroup/memory/c/memory.limit_in_bytes, value: "-5", until: done } }
              - { echo: { file: /sys/fs/cgroup/memory/c/memory.limit_in_bytes, value: "max", until: done } }
              - { echo: { file: /sys/fs/cgroup/memory/c/memory.limit_in_bytes, value: "5000000", until: done } }
              - { echo: { file: /sys/fs/cgroup/memory/c/memory.memsw.limit_in_bytes, value: "4M", until: done } }
              - { echo: { file: /sys/fs/cgroup/memory/c/memory.swappiness, value: "201", until: done } }
              - { echo: { file: /sys/fs/cgroup/memory/c/memory.move_charge_at_immigrate, value: "1", until: done } }
              - { echo: { file: /sys/fs/cgroup/memory/c/memory.use_hierarchy, value: "0", until: done } }
              - { echo: { file: /sys/fs/cgroup/memory/c/memory.kmem.limit_in_bytes, value: "4K", until: done } }
              - { echo: { file: /sys/fs/cgroup/memory/c/memory.oom_control, value: "2", until: done } }
              - { echo: { file: /sys/fs/cgroup/memory/c/cgroup.procs, value: "4194999", until: done } }
              - { echo: { file: /sys/fs/cgroup/memory/c/memory.mem.limit_in_bytes, value: "1M", until: done } }
        collect:
          - /sys/fs/cgroup/memory/c/memory.limit_in_bytes
          - /sys/fs/cgroup/memory/c/memory.kmem.limit_in_bytes
          - /sys/fs/cgroup/memory/c/memory.swappiness
        """,
        result =>
        {
            Errnos(result, "w").ShouldBe(
            [
                "None", "EINVAL", "EINVAL", "EINVAL", "None", "EINVAL", "EINVAL", "EINVAL", "EINVAL", "None", "EINVAL", "ESRCH", "EACCES",
            ]);
            Number(result, "c/memory.limit_in_bytes").ShouldBe(4997120, "5,000,000 rounded down to pages");
            Number(result, "c/memory.kmem.limit_in_bytes").ShouldBe(long.MaxValue - 4095, "writing the kmem limit has no effect since 5.16");
            Number(result, "c/memory.swappiness").ShouldBe(60);
        });

    [Fact]
    public void RemovingAndMakingGroupsAnswersTheSameErrnos() => Run(
        """
        name: groups
        kernel: "6.18"
        cgroup: { version: 1, groups: { /c: {}, /c/d: {} } }
        processes:
          - { name: sitter, cgroup: /c/d, do: [ { sleep: 400ms } ] }
          - name: w
            start: 100ms
            do:
              - { rmdir: { path: /c, until: done } }
              - { rmdir: { path: /c/d, until: done } }
              - { mkdir: { path: /c/d, until: done } }
              - { mkdir: { path: /c/e, until: done } }
              - { rmdir: { path: /c/e, until: done } }
              - { rmdir: { path: /c/e, until: done } }
              - { sleep: 600ms }
              - { rmdir: { path: /c/d, until: done } }
              - { rmdir: { path: /c, until: done } }
        """,
        result => Errnos(result, "w").ShouldBe(["EBUSY", "EBUSY", "EEXIST", "None", "None", "ENOENT", "None", "None", "None"]));
}
