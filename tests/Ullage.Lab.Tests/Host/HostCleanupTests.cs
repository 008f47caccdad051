using System.Diagnostics;
using System.Globalization;
using Ullage.Lab.Results;
using Ullage.Lab.Scenarios;
using Xunit.Abstractions;

namespace Ullage.Lab.Tests.Host;

[Collection("host")]
public sealed class HostCleanupTests(ITestOutputHelper output)
{
    [Fact]
    public void RunCancelledHalfWayGivesWhatItHasAndLeavesNothing()
    {
        if (HostScenarios.Skip(output))
        {
            return;
        }
        using CancellationTokenSource cancel = new(TimeSpan.FromMilliseconds(400));
        Stopwatch watch = Stopwatch.StartNew();
        RunResult result = HostScenarios.Run(RunnerProgram.Endless, cancel.Token);
        watch.ElapsedMilliseconds.ShouldBeLessThan(10_000);
        result.Ended.ShouldBe("interrupted");
        result.Processes.Count.ShouldBe(4);
        ProcessResult holder = result.Processes.First(process => process.Name == "holder-1");
        holder.State.ShouldBe("running");
        holder.Steps[0].Done.ShouldBe(2048);
        result.File("memory.limit_in_bytes").ShouldNotBeEmpty();
        HostScenarios.Leftovers(Environment.ProcessId).ShouldBeEmpty();
        result.Processes.Select(process => process.Pid).Where(IsAlive).ShouldBeEmpty();
    }

    [Fact]
    public void RunStoppedByItsTimeSaysSo()
    {
        if (HostScenarios.Skip(output))
        {
            return;
        }
        RunResult result = HostScenarios.Run(RunnerProgram.Endless with
        {
            StopAfterNs = 200_000_000,
            Sample = new SampleSpec(50_000_000, [HostScenarios.Group + "memory.usage_in_bytes", HostScenarios.Group + "memory.none"]),
        });
        result.Ended.ShouldBe("stopped");
        result.VirtualNs.ShouldBeInRange(200_000_000, 2_000_000_000);
        result.Samples.Count.ShouldBeInRange(3, 5);
        result.Samples[0].TNs.ShouldBeLessThan(50_000_000);
        result.Samples.ShouldAllBe(sample => sample.Files.Count == 1);
        long.Parse(result.Samples[^1].Files[0].Value, CultureInfo.InvariantCulture).ShouldBeGreaterThan(16 << 20);
        HostScenarios.Leftovers(Environment.ProcessId).ShouldBeEmpty();
    }

    [Fact]
    public void RunnerKilledHalfWayLeavesNoCgroupNoProcessAndNoFile()
    {
        if (HostScenarios.Skip(output))
        {
            return;
        }
        using Process runner = Process.Start(new ProcessStartInfo(Environment.ProcessPath!, ["exec", typeof(RunnerProgram).Assembly.Location, "run-endless"])
        {
            RedirectStandardInput = true,
        })!;
        List<int> members = WaitFor(() => Members(runner.Id), found => found.Count == 4);
        HostScenarios.Leftovers(runner.Id).Count.ShouldBe(2, "a subtree and a directory");
        runner.Kill(entireProcessTree: false);
        runner.WaitForExit();
        WaitFor(() => HostScenarios.Leftovers(runner.Id), left => left.Count == 0).ShouldBeEmpty();
        WaitFor(() => members.Where(IsAlive).ToList(), left => left.Count == 0).ShouldBeEmpty();
    }

    /// <summary>Pids in the run's groups.</summary>
    private static List<int> Members(int runner)
    {
        List<int> pids = [];
        foreach (string subtree in HostScenarios.Subtrees(runner))
        {
            string procs = subtree + "/000/inner/cgroup.procs";
            try
            {
                pids.AddRange(File.ReadLines(procs).Select(line => int.Parse(line, CultureInfo.InvariantCulture)));
            }
            catch (IOException)
            {
                return []; // not made yet
            }
        }
        return pids;
    }

    private static bool IsAlive(int pid)
    {
        try
        {
            return !File.ReadAllText(FormattableString.Invariant($"/proc/{pid}/stat")).Contains(") Z", StringComparison.Ordinal);
        }
        catch (IOException)
        {
            return false;
        }
    }

    private static List<T> WaitFor<T>(Func<List<T>> look, Func<List<T>, bool> enough)
    {
        long until = Environment.TickCount64 + 15_000;
        List<T> found = look();
        while (!enough(found) && Environment.TickCount64 < until)
        {
            Thread.Sleep(20);
            found = look();
        }
        return found;
    }
}
