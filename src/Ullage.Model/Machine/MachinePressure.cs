using Ullage.Abi;
using Ullage.Model.Cgroups;
using Ullage.Model.Pressure;

namespace Ullage.Model;

/// <summary>Pressure stall information.</summary>
public sealed partial class Machine
{
    internal PsiSystem Psi { get; }

    /// <summary>Opens a file of /proc/pressure, or a pressure file of a v2 cgroup, for polling.</summary>
    /// <param name="path">Such as <c>/proc/pressure/memory</c> or <c>/sys/fs/cgroup/a/memory.pressure</c>.</param>
    /// <returns>ENOENT and no handle when there is no such pressure file.</returns>
    public (Errno Errno, PressureHandle? Handle) OpenPressure(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        Errno errno = Files.Read(path).Errno;
        int slash = path.LastIndexOf('/');
        bool ofProc = path.StartsWith("/proc/pressure/", StringComparison.Ordinal);
        string name = path[(slash + 1)..];
        string resource = ofProc ? name : name.EndsWith(".pressure", StringComparison.Ordinal) ? name[..^".pressure".Length] : "";
        if (errno is not (Errno.None or Errno.EOPNOTSUPP) || PressureFiles.ResourceOf(resource) is not { } kind)
        {
            return (errno == Errno.None ? Errno.ENOENT : errno, null);
        }
        Cgroup? cgroup = ofProc ? null : Hierarchy.Find(path[CgroupDirectory(Hierarchy.Root).Length..slash]);
        return (Errno.None, new PressureHandle(this, cgroup?.Pressure ?? Psi.Everything, kind, ofProc));
    }

    /// <summary>Lets the current task sleep inside a call because of block IO.</summary>
    [Kernel("io_schedule", "kernel/sched/core.c")]
    internal void IoSchedule(long ns) => Sleep(ns, PsiTask.IoWait);

    /// <summary>Lets the current task sleep inside a call; due work runs meanwhile.</summary>
    [Kernel("schedule_timeout", "kernel/time/timer.c")]
    internal void Stall(long ns) => Sleep(ns, PsiTask.None);

    private void Sleep(long ns, PsiTask because)
    {
        StalledNs += ns;
        if (Current is not { } task)
        {
            SpendAndRunDue(ns);
            return;
        }
        PsiTask running = task.Psi.Foreseen & (PsiTask.Running | PsiTask.OnCpu);
        Psi.Change(task, running, because);
        SpendAndRunDue(ns);
        if (task.State != TaskState.Zombie)
        {
            Psi.Change(task, because, running);
        }
    }
}
