using System.Globalization;
using System.Text;
using Ullage.Abi;
using Ullage.Abi.Units;
using Ullage.Model.Charging;
using Ullage.Model.Eras;
using Ullage.Model.Tracing;

namespace Ullage.Model.Oom;

/// <summary>What a report says about the memory cgroup at its limit: counters, then statistics (§8.6).</summary>
[Kernel("mem_cgroup_print_oom_meminfo", "mm/memcontrol.c")]
internal sealed class OomMemcgReport(Machine machine)
{
    private const int KbPerPage = KernelConstants.PageSize / 1024;

    private readonly OomReportRules _rules = machine.Era.Report;

    /// <summary>Writes it; a null victim = nobody could be chosen.</summary>
    public void Dump(MemCgroup memcg, TaskStruct? victim)
    {
        if (_rules.VictimSentence)
        {
            string who = victim is null ? "Memory limit reached of cgroup " : $"Task in {victim.Cgroup.Path} killed as a result of limit of ";
            Line(who + memcg.Cgroup.Path);
        }
        Counters(memcg);
        switch (_rules.Stat)
        {
            case OomStatStyle.LinePerCgroup:
                memcg.PrepareStatRead();
                Subtree(memcg);
                break;
            case OomStatStyle.OneRecord:
                Line($"Memory cgroup stats for {memcg.Cgroup.Path}:");
                Line(StatText(memcg).TrimEnd('\n'));
                break;
            default:
                Line($"Memory cgroup stats for {memcg.Cgroup.Path}:");
                foreach (string line in StatText(memcg).TrimEnd('\n').Split('\n'))
                {
                    Line(line);
                }
                break;
        }
    }

    private void Counters(MemCgroup memcg)
    {
        bool byEvents = _rules.FailcntFromEvents && !memcg.IsV1;
        Counter("memory", memcg.Memory, byEvents ? memcg.Events(MemcgEvent.Max) : memcg.Memory.Failcnt);
        if (_rules.SwapLineOnV2 && !memcg.IsV1)
        {
            Counter("swap", memcg.Swap, byEvents ? memcg.Events(MemcgEvent.SwapMax) : memcg.Swap.Failcnt);
            return;
        }
        Counter("memory+swap", memcg.Memsw, memcg.Memsw.Failcnt);
        Counter("kmem", memcg.Kmem, memcg.Kmem.Failcnt);
    }

    private void Counter(string name, PageCounter counter, long failcnt) => Line(string.Create(CultureInfo.InvariantCulture,
        $"{name}: usage {counter.Usage * KbPerPage}kB, limit {counter.Max * KbPerPage}kB, failcnt {failcnt}"));

    /// <summary>The statistics of files named memory.stat; on v1 old reports show v2's set.</summary>
    private string StatText(MemCgroup memcg) =>
        memcg.IsV1 && _rules.V1StatOnV1 ? Kernfs.MemoryStatText.V1(machine, memcg) : Kernfs.MemoryStatText.V2(machine, memcg);

    private void Subtree(MemCgroup memcg)
    {
        StringBuilder line = new("Memory cgroup stats for ");
        line.Append(memcg.Cgroup.Path).Append(':');
        for (int i = 0; i < _rules.StatNames.Count; i++)
        {
            string name = _rules.StatNames[i];
            if (name != "swap" || machine.MemswCounts)
            {
                line.Append(CultureInfo.InvariantCulture, $" {name}:{Pages(memcg.Stats, name) * KbPerPage}KB");
            }
        }
        Line(line.ToString());
        foreach (MemCgroup child in memcg.Children)
        {
            if (child is { Online: true, HierarchyParent: not null })
            {
                Subtree(child);
            }
        }
    }

    private static long Pages(MemcgStats stats, string name) => name switch
    {
        "cache" => stats.Local(MemcgStat.File),
        "rss" => stats.Local(MemcgStat.Anon),
        "shmem" => stats.Local(MemcgStat.Shmem),
        "mapped_file" => stats.Local(MemcgStat.FileMapped),
        "dirty" => stats.Local(MemcgStat.FileDirty),
        "writeback" => stats.Local(MemcgStat.FileWriteback),
        "swap" => stats.Local(MemcgStat.Swap),
        "inactive_anon" => stats.Local(MemcgStat.InactiveAnon),
        "active_anon" => stats.Local(MemcgStat.ActiveAnon),
        "inactive_file" => stats.Local(MemcgStat.InactiveFile),
        "active_file" => stats.Local(MemcgStat.ActiveFile),
        "unevictable" => stats.Local(MemcgStat.Unevictable),
        _ => 0, // rss_huge: there are no huge pages yet
    };

    private void Line(string text) => machine.Log.Write(PrintkLevel.Info, text);
}
