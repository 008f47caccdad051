using Ullage.Abi;
using Ullage.Abi.Units;
using Ullage.Model.Cgroups;
using static Ullage.Model.Kernfs.ControlFile;

namespace Ullage.Model.Kernfs;

/// <summary>v1: the files that every cgroup has (§11.2, last row).</summary>
[Kernel("cgroup1_base_files", "kernel/cgroup/cgroup-v1.c", Deviation = "release_agent is kept and never run: the model starts no programs by itself.")]
internal sealed class V1CoreFiles(CoreFiles core)
{
    private const int PathMax = 4096;
    private string _releaseAgent = "";

    public static IReadOnlyList<string> Names { get; } = ["cgroup.procs", "tasks", "notify_on_release", "cgroup.clone_children"];

    public static IReadOnlyList<string> RootNames { get; } = ["cgroup.sane_behavior", "release_agent"];

    public IEnumerable<ControlFile> Files()
    {
        yield return new ControlFile("cgroup.procs", cgroup => core.ShowPids(cgroup, threads: false), (cgroup, text) => core.MovePid(cgroup, text, wholeProcess: true));
        yield return new ControlFile("tasks", cgroup => core.ShowPids(cgroup, threads: true), (cgroup, text) => core.MovePid(cgroup, text, wholeProcess: false));
        yield return new ControlFile("notify_on_release", cgroup => Line(cgroup.NotifyOnRelease ? 1 : 0), (cgroup, text) => SetFlag(text, on => cgroup.NotifyOnRelease = on));
        yield return new ControlFile("cgroup.clone_children", cgroup => Line(cgroup.CloneChildren ? 1 : 0), (cgroup, text) => SetFlag(text, on => cgroup.CloneChildren = on));
        yield return new ControlFile("cgroup.sane_behavior", _ => "0\n");
        yield return new ControlFile("release_agent", _ => _releaseAgent + "\n", SetReleaseAgent);
    }

    /// <summary>Any number but 0 is on.</summary>
    private static Errno SetFlag(string text, Action<bool> set)
    {
        Errno errno = KernelNumber.TryParseULong(text, out ulong value);
        if (errno == Errno.None)
        {
            set(value != 0);
        }
        return errno;
    }

    [Kernel("cgroup_release_agent_write", "kernel/cgroup/cgroup-v1.c")]
    private Errno SetReleaseAgent(Cgroup cgroup, string text)
    {
        ReadOnlySpan<char> path = KernelNumber.Strip(text);
        _releaseAgent = path[..Math.Min(path.Length, PathMax - 1)].ToString();
        return Errno.None;
    }
}
