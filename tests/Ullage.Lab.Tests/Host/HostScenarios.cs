using Ullage.Abi;
using Ullage.Lab.Results;
using Ullage.Lab.Scenarios;
using Ullage.Lab.Targets;
using Ullage.Lab.Targets.Host;
using Ullage.Observe.Host;
using Xunit.Abstractions;

namespace Ullage.Lab.Tests.Host;

/// <summary>Scenarios built in code, and what tests need to know about this machine.</summary>
internal static class HostScenarios
{
    internal const string Group = "/sys/fs/cgroup/memory/000/";

    /// <summary>Says why the machine cannot run the test and answers true; false when it can.</summary>
    internal static bool Skip(ITestOutputHelper output)
    {
        CgroupMounts mounts = CgroupMounts.Find(new HostFiles());
        string? reason = !OperatingSystem.IsLinux() ? "not Linux"
            : !Environment.IsPrivilegedProcess ? "not root"
            : System.Runtime.InteropServices.RuntimeInformation.ProcessArchitecture != System.Runtime.InteropServices.Architecture.X64 ? "not x86-64"
            : mounts.Memory?.Version != 1 ? "no cgroup v1 memory controller"
            : null;
        if (reason is not null)
        {
            output.WriteLine($"skipped: {reason}");
        }
        return reason is not null;
    }

    internal static Scenario AnonOom(string limit = "20M") => new()
    {
        Name = "anon-oom",
        Cgroup = Groups(new GroupSpec { Path = "/000", Writes = [new("memory.limit_in_bytes", limit), new("memory.swappiness", "0")] }),
        Processes = [new ProcessSpec { Name = "grower", Cgroup = "/000", Do = [new GrowOperation(256 << 20, 1 << 20, null)] }],
        Collect = [Group + "memory.max_usage_in_bytes", Group + "memory.failcnt", Group + "memory.oom_control", Group + "memory.limit_in_bytes"],
        StopAfterNs = 60_000_000_000,
    };

    internal static CgroupSpec Groups(params GroupSpec[] groups) => new() { Version = 1, Groups = groups };

    /// <summary>One process in /000 with room enough.</summary>
    internal static Scenario Single(params Operation[] operations) => new()
    {
        Name = "single",
        Cgroup = Groups(new GroupSpec { Path = "/000", Writes = [new("memory.limit_in_bytes", "200M")] }),
        Processes = [new ProcessSpec { Name = "worker", Cgroup = "/000", Do = operations }],
        Collect = [Group + "memory.max_usage_in_bytes", Group + "memory.usage_in_bytes"],
        StopAfterNs = 30_000_000_000,
    };

    internal static RunResult Run(Scenario scenario, CancellationToken cancel = default) =>
        new HostTarget().Run(scenario, new RunOptions(), new NobodyWatches(), cancel);

    internal static string File(this RunResult result, string name) => result.Files.First(file => file.Key.EndsWith("/" + name, StringComparison.Ordinal)).Value;

    /// <summary>Our subtrees that are there now, of this process or another.</summary>
    internal static List<string> Subtrees(int pid) =>
        [.. Directory.EnumerateDirectories("/sys/fs/cgroup/memory", FormattableString.Invariant($"ullage-{pid}-*"), SearchOption.AllDirectories)];

    /// <summary>Children of this process that are workers or zombies.</summary>
    internal static List<string> Leftovers(int pid)
    {
        List<string> found = Subtrees(pid);
        found.AddRange(Directory.EnumerateDirectories(Path.GetTempPath(), FormattableString.Invariant($"ullage-{pid}-*")));
        return found;
    }

    internal static string Describe(RunResult result)
    {
        List<string> lines = [];
        foreach (ProcessResult process in result.Processes)
        {
            lines.Add($"{process.Name} pid {process.Pid} {process.State} exit {process.ExitCode} {process.Signal} oom {process.OomKilled}");
            lines.AddRange(process.Steps.Select(step => $"  {step.Op} {step.Done}/{step.Requested} {step.Errno} {step.VirtualNs} ns " +
                string.Join(' ', step.Passes?.Select(pass => pass.ToString()) ?? [])));
        }
        lines.AddRange(result.Files.Select(file => $"{file.Key}: {file.Value.ReplaceLineEndings(" ")}"));
        lines.AddRange(result.Dmesg.Select(line => $"{line.Level} {line.TNs} {line.Text}"));
        return string.Join('\n', lines) + $"\nended {result.Ended} {result.VirtualNs} ns, wall {result.WallMs} ms";
    }
}
