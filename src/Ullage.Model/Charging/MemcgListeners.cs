using Ullage.Abi;
using Ullage.Model.Kernfs;
using Ullage.Model.Reclaim;

namespace Ullage.Model.Charging;

/// <summary>Those who asked for a v1 cgroup's notifications through cgroup.event_control. Most cgroups have none.</summary>
[Kernel("struct mem_cgroup_event", "mm/memcontrol-v1.c")]
internal sealed class MemcgListeners
{
    public UsageThresholds Memory { get; } = new();

    public UsageThresholds Memsw { get; } = new();

    public List<EventFd> Oom { get; } = [];

    public List<PressureListener> Pressure { get; } = [];
}
