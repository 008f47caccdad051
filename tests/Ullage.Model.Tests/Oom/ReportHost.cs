using Ullage.Abi;
using Ullage.Model.AddressSpace;
using Ullage.Model.Cgroups;

namespace Ullage.Model.Tests.Oom;

/// <summary>A machine like the measured ones, and their workloads.</summary>
internal sealed class ReportHost
{
    public const long PagesPerMiB = 256;

    /// <param name="label">Kernel and hierarchy, such as <c>4.15-v1</c>.</param>
    /// <param name="hierarchical">v1: use_hierarchy of the root.</param>
    public ReportHost(string label, bool hierarchical = true)
    {
        string era = label[..label.LastIndexOf('-')];
        Machine = Machine.Boot(new MachineOptions
        {
            Era = Workloads.Era(era),
            CgroupVersion = label[^1] - '0',
            SwapAccounting = era is not ("4.15" or "5.4"), // the measured Ubuntu kernels booted without
            RootUseHierarchy = hierarchical,
            HardwareName = era == "6.18" ? null : "Generic VM",
        });
    }

    public Machine Machine { get; }

    /// <summary>Creates a cgroup and those above it; answers it.</summary>
    public Cgroup Make(string path, long? maxMiB = null)
    {
        for (int at = path.IndexOf('/', 1); at >= 0; at = path.IndexOf('/', at + 1))
        {
            if (Machine.Hierarchy.Find(path[..at]) is null)
            {
                Make(path[..at]);
            }
        }
        int last = path.LastIndexOf('/');
        Machine.Hierarchy.Find(last == 0 ? "/" : path[..last])!.DistributesMemory = Machine.Options.CgroupVersion == 2;
        Machine.Hierarchy.Mkdir(path).ShouldBe(Errno.None);
        Cgroup cgroup = Machine.Hierarchy.Find(path).ShouldNotBeNull();
        if (maxMiB is { } max)
        {
            cgroup.Memcg.Memory.TrySetMax(max * PagesPerMiB).ShouldBe(Errno.None);
        }
        return cgroup;
    }

    /// <summary>A worker that holds so many MiB.</summary>
    public TaskStruct Hold(Cgroup cgroup, long mib)
    {
        TaskStruct task = Machine.Enter(cgroup);
        Machine.Grow(task, mib * PagesPerMiB, out FaultOutcome last);
        last.ShouldBe(FaultOutcome.Ok);
        return task;
    }

    /// <summary>A worker that grows until it is killed; then the reaper gets its time.</summary>
    public TaskStruct GrowToKill(Cgroup cgroup)
    {
        TaskStruct task = Machine.Enter(cgroup);
        Machine.Grow(task, 1000 * PagesPerMiB, out FaultOutcome last);
        last.ShouldBe(FaultOutcome.Killed);
        Machine.RunDueWork(Machine.TimeNs + 1_000_000_000);
        return task;
    }

    public List<string> Log => ReportText.Comparable(Machine.Log.Records);
}
