using Ullage.Abi;

namespace Ullage.Model.Charging;

/// <summary>
/// v1: every page charged or uncharged is an event of its cgroup on this CPU. Thresholds are looked at every 128 events and the soft limit tree
/// every 1024 (§2.12, §2.15), so that both learn of a change late: by up to 128 pages per CPU.
/// </summary>
[Kernel("memcg1_check_events", "mm/memcontrol-v1.c")]
internal sealed class PageEvents(Machine machine)
{
    private const int ThresholdEvents = 128;
    private const int SoftLimitEvents = 1024;
    private const int Fields = 3; // events, the next look at thresholds, the next look at the soft limit

    public void Add(MemCgroup memcg, int cpu, int pages)
    {
        if (!memcg.IsV1)
        {
            return;
        }
        long[] counts = memcg.PageEventCounts ??= new long[Fields * machine.Options.PossibleCpus];
        int at = cpu * Fields;
        long events = counts[at] += pages;
        if (events <= counts[at + 1])
        {
            return;
        }
        counts[at + 1] = events + ThresholdEvents;
        CheckThresholds(memcg);
        if (events > counts[at + 2])
        {
            counts[at + 2] = events + SoftLimitEvents;
            machine.SoftLimits.Update(memcg);
        }
    }

    [Kernel("mem_cgroup_threshold", "mm/memcontrol-v1.c")]
    private void CheckThresholds(MemCgroup memcg)
    {
        for (MemCgroup? m = memcg; m is not null; m = m.HierarchyParent)
        {
            if (m.Listeners is { } listeners)
            {
                listeners.Memory.Check(m.Memory.Usage);
                listeners.Memsw.Check(m.Memsw.Usage);
            }
        }
    }
}
