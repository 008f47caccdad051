using System.Globalization;
using Ullage.Lab.Results;
using Ullage.Lab.Scenarios;
using Xunit.Abstractions;

namespace Ullage.Lab.Tests.Host;

[Collection("host")]
public sealed class HostOomTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData("20M", 20L << 20, 5108)]
    [InlineData("100M", 100L << 20, 25548)]
    public void RunAnonOomKillsWhereTheMeasuredKernelsDid(string limit, long bytes, long pages)
    {
        if (HostScenarios.Skip(output))
        {
            return;
        }
        RunResult result = HostScenarios.Run(HostScenarios.AnonOom(limit));
        output.WriteLine(HostScenarios.Describe(result));
        ProcessResult grower = result.Processes.ShouldHaveSingleItem();
        grower.State.ShouldBe("killed");
        grower.Signal.ShouldBe("SIGKILL");
        grower.OomKilled.ShouldBeTrue();
        grower.ExitCode.ShouldBeNull();
        // Limit less page tables; part of one charge batch may be stranded on another CPU.
        grower.Steps.ShouldHaveSingleItem().Done.ShouldBeInRange(pages - 64, pages + 1);
        result.File("memory.max_usage_in_bytes").ShouldBe(bytes.ToString(CultureInfo.InvariantCulture) + "\n");
        long.Parse(result.File("memory.failcnt"), CultureInfo.InvariantCulture).ShouldBeGreaterThan(0);
        result.File("memory.oom_control").ShouldContain("oom_kill 1");
        result.Ended.ShouldBe("idle");
        HostScenarios.Leftovers(Environment.ProcessId).ShouldBeEmpty();
    }

    [Fact]
    public void RunAnonOomShowsTheReportWithTheScenariosPaths()
    {
        if (HostScenarios.Skip(output) || !OpensKmsg())
        {
            return;
        }
        RunResult result = HostScenarios.Run(HostScenarios.AnonOom());
        ProcessResult grower = result.Processes[0];
        result.Dmesg[0].Text.ShouldStartWith("grower invoked oom-killer");
        result.Dmesg.ShouldContain(line => line.Text.Contains($"Killed process {grower.Pid} (grower)"));
        result.Dmesg.ShouldContain(line => line.Text.Contains("task_memcg=/000,"));
        result.Dmesg.ShouldAllBe(line => !line.Text.Contains("ullage-") && line.TNs <= result.VirtualNs && line.Level < 8);
    }

    [Fact]
    public void RunTwoProcessesWithOomScoreAdjKillsTheOneThatWasOffered()
    {
        if (HostScenarios.Skip(output))
        {
            return;
        }
        Scenario scenario = HostScenarios.AnonOom("30M") with
        {
            Processes =
            [
                new ProcessSpec { Name = "offered", Cgroup = "/000", OomScoreAdj = 1000, Do = [new GrowOperation(10 << 20, 1 << 20, null), new PauseOperation()] },
                new ProcessSpec
                {
                    Name = "grower", Cgroup = "/000", StartNs = 300_000_000,
                    Do = [new GrowOperation(24 << 20, 1 << 20, null), new ExitOperation(7)],
                },
            ],
        };
        RunResult result = HostScenarios.Run(scenario);
        output.WriteLine(HostScenarios.Describe(result));
        ProcessResult offered = result.Processes.Single(process => process.Name == "offered");
        ProcessResult grower = result.Processes.Single(process => process.Name == "grower");
        offered.OomKilled.ShouldBeTrue();
        offered.Steps[0].Done.ShouldBe(2560);
        grower.OomKilled.ShouldBeFalse();
        grower.State.ShouldBe("exited");
        grower.ExitCode.ShouldBe(7);
        grower.Steps[0].Done.ShouldBe(6144);
    }

    private bool OpensKmsg()
    {
        try
        {
            using FileStream kmsg = File.OpenRead("/dev/kmsg");
            return true;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            output.WriteLine($"skipped: /dev/kmsg: {error.Message}");
            return false;
        }
    }
}
