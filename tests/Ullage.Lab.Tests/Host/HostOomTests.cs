using Ullage.Lab.Results;
using Ullage.Lab.Scenarios;
using Xunit.Abstractions;

namespace Ullage.Lab.Tests.Host;

[Collection("host")]
public sealed class HostOomTests(ITestOutputHelper output)
{
    [Fact]
    public void RunAnonOomAtTwentyMegabytesKillsWhereTheKernelsMeasuredDid()
    {
        if (HostScenarios.Skip(output))
        {
            return;
        }
        RunResult result = HostScenarios.Run(HostScenarios.AnonOom());
        output.WriteLine(HostScenarios.Describe(result));
        ProcessResult grower = result.Processes.ShouldHaveSingleItem();
        grower.State.ShouldBe("killed");
        grower.Signal.ShouldBe("SIGKILL");
        grower.OomKilled.ShouldBeTrue();
        grower.ExitCode.ShouldBeNull();
        // 5120 pages less the page tables; up to one charge batch may be stranded on another CPU.
        grower.Steps.ShouldHaveSingleItem().Done.ShouldBeInRange(5108 - 64, 5110);
        result.File("memory.max_usage_in_bytes").ShouldBe("20971520\n");
        // memory and memsw have the same limit: the charge to memsw comes first and is the one that fails.
        (long.Parse(result.File("memory.failcnt")) + long.Parse(result.File("memory.memsw.failcnt"))).ShouldBeGreaterThan(0);
        result.Ended.ShouldBe("idle");
        result.Dmesg.ShouldContain(line => line.Text.Contains($"Killed process {grower.Pid} (grower)"));
        result.Dmesg.ShouldContain(line => line.Text.Contains("task_memcg=/000,"));
        result.Dmesg.ShouldAllBe(line => !line.Text.Contains("ullage-"));
        HostScenarios.Leftovers(Environment.ProcessId).ShouldBeEmpty();
    }
}
