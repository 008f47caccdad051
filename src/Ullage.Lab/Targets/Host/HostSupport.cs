using System.Runtime.InteropServices;
using Ullage.Abi;
using Ullage.Lab.Scenarios;
using Ullage.Lab.Scenarios.Reading;

namespace Ullage.Lab.Targets.Host;

/// <summary>Refuses, before anything is made, what this version cannot do on a host or will not do to one.</summary>
internal static class HostSupport
{
    private const int UsageError = 2;
    private const int NoPermission = 3;
    private const int NotThere = 4;

    private static readonly Dictionary<string, int> Advices = new(StringComparer.Ordinal)
    {
        ["normal"] = 0, ["random"] = 1, ["sequential"] = 2, ["willneed"] = 3, ["dontneed"] = 4, ["free"] = 8, ["remove"] = 9, ["dontfork"] = 10,
        ["dofork"] = 11, ["mergeable"] = 12, ["unmergeable"] = 13, ["hugepage"] = 14, ["nohugepage"] = 15, ["dontdump"] = 16, ["dodump"] = 17,
        ["wipeonfork"] = 18, ["keeponfork"] = 19, ["cold"] = 20, ["pageout"] = 21, ["populate_read"] = 22, ["populate_write"] = 23,
    };

    /// <summary>The number of an madvise advice, null if there is none.</summary>
    internal static int? Advice(string advice) => Advices.TryGetValue(advice, out int number) ? number : null;

    /// <summary>Throws when the scenario cannot run here.</summary>
    internal static void Check(Scenario scenario, IKernelFiles host)
    {
        if (RuntimeInformation.ProcessArchitecture != Architecture.X64)
        {
            throw new TargetUnavailableException("HostTarget needs x86-64: run the scenario on the model, or on another machine", NotThere);
        }
        if (scenario.Cgroup.RecursiveProtection || scenario.Cgroup.LocalEvents)
        {
            throw new TargetUnavailableException("cgroup: memory_recursiveprot and memory_localevents are mount options, and the host's mounts are left alone: take them out, or run the scenario on the model", UsageError);
        }
        if (!scenario.Cgroup.Hierarchies.SequenceEqual(new CgroupSpec().Hierarchies))
        {
            throw new TargetUnavailableException("cgroup.hierarchies: the host's hierarchies are mounted as they are: leave it out, or run on the model", NotThere);
        }
        if (scenario.Processes.FirstOrDefault(process => process.Threads > 1) is { } threaded)
        {
            throw new TargetUnavailableException($"not supported by this version on the host: threads (process {threaded.Name}): run it on the model", NotThere);
        }
        for (int i = 0; i < scenario.Sysctl.Count; i++)
        {
            CheckSysctl(host, scenario.Sysctl[i].Key, scenario.Sysctl[i].Value, scenario.SysctlPlaces.ElementAtOrDefault(i));
        }
        foreach (GroupSpec group in scenario.Cgroup.Groups)
        {
            CheckPath(group.Path, $"cgroup {group.Path}");
        }
        foreach (FileSpec file in scenario.Files)
        {
            CheckPath(file.Path, $"files: {file.Path}");
        }
        foreach (ProcessSpec process in scenario.Processes)
        {
            CheckPath(process.Cgroup ?? "/", $"process {process.Name}: cgroup {process.Cgroup}");
            Check(process.Do, process.Name, scenario);
        }
    }

    private static void CheckSysctl(IKernelFiles host, string name, string value, string? place)
    {
        string path = "/proc/sys/" + name.Replace('.', '/');
        KernelRead read = host.Read(path);
        if (!read.Ok)
        {
            int slash = path.LastIndexOf('/');
            string? nearest = Nearest.Of(path[(slash + 1)..], host.List(path[..slash]).Names);
            string advice = nearest is null ? "this kernel does not have it; take it out of the scenario" : $"this kernel does not have it: did you mean '{nearest}'?";
            throw new TargetUnavailableException($"{place ?? $"sysctl {name}"}: {path}: {read.Errno}: {advice}", nearest is null ? NotThere : UsageError) { NamesPlace = place is not null };
        }
        string actual = string.Join(' ', read.Text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        string wanted = string.Join(' ', value.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        if (actual != wanted)
        {
            throw new TargetUnavailableException($"sysctl {name} is {actual} here and the scenario needs {wanted}, and ullage does not change a host's sysctls: " +
                $"if this machine may be changed, run: sysctl {name}='{wanted}'", NoPermission);
        }
    }

    private static void Check(IReadOnlyList<Operation> operations, string process, Scenario scenario)
    {
        foreach (Operation operation in operations)
        {
            Check(operation, process, scenario);
            IReadOnlyList<Operation> inner = operation switch
            {
                ForkOperation o => o.Do,
                RepeatOperation o => o.Do,
                InterleaveOperation o => o.Of,
                _ => [],
            };
            Check(inner, process, scenario);
        }
    }

    private static void Check(Operation operation, string process, Scenario scenario)
    {
        string where = $"line {operation.Line}: process {process}: {operation.Name}";
        switch (operation)
        {
            case MallocOperation or FreeOperation or ExecOperation or SockOperation:
                throw new TargetUnavailableException($"not supported by this version: {operation.Name} on the host (line {operation.Line}, process {process}): " +
                    "run it on the model, or take the step out", NotThere);
            case MadviseOperation madvise when Advice(madvise.Advice) is null:
                throw new TargetUnavailableException($"{where}: unknown advice {madvise.Advice}: use one of {string.Join(", ", Advices.Keys)}", UsageError);
            case KillOperation kill when !SignalNames.TryParse(kill.Signal, out _):
                throw new TargetUnavailableException($"{where}: unknown signal {kill.Signal}: use a name such as SIGTERM, or a number", UsageError);
            case EchoOperation echo:
                CheckEcho(echo, where, scenario.Cgroup.Version);
                break;
            case MkdirOperation mkdir:
                CheckPath(mkdir.Path, where);
                break;
            case RmdirOperation rmdir:
                CheckPath(rmdir.Path, where);
                break;
            case MoveOperation move:
                CheckPath(move.To, where);
                break;
            case ForkOperation fork:
                CheckPath(fork.Cgroup ?? "/", where);
                break;
            case WriteOperation write:
                CheckPath(write.File, where);
                break;
            case CreateFilesOperation create:
                CheckPath(create.Directory, where);
                break;
            case UnlinkFilesOperation unlink:
                CheckPath(unlink.Directory, where);
                break;
        }
    }

    /// <summary>A scenario may write to its own cgroups and to the process's own files, nowhere else on a host.</summary>
    private static void CheckEcho(EchoOperation echo, string where, int version)
    {
        CheckPath(echo.File, where);
        bool own = HostPaths.CgroupPart(echo.File, HostPaths.MountOf(version)) is not null || echo.File.StartsWith("/proc/self/", StringComparison.Ordinal);
        if (!own)
        {
            throw new TargetUnavailableException($"{where}: {echo.File} belongs to the host, and ullage writes only to the scenario's cgroups and /proc/self: " +
                "run it on the model, or take the step out", NoPermission);
        }
    }

    private static void CheckPath(string path, string where)
    {
        if (!path.StartsWith('/') || Array.IndexOf(path.Split('/'), "..") >= 0)
        {
            throw new TargetUnavailableException($"{where}: the path {path} must begin with / and not contain ..", UsageError);
        }
    }
}
