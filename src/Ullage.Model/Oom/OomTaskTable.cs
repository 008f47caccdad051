using System.Globalization;
using Ullage.Abi;
using Ullage.Abi.Units;
using Ullage.Model.AddressSpace;
using Ullage.Model.Charging;
using Ullage.Model.Eras;
using Ullage.Model.Tracing;

namespace Ullage.Model.Oom;

/// <summary>The tasks that a report lists, in pages (§8.6). Who is spared is listed too; who has no memory any more is not.</summary>
[Kernel("dump_tasks", "mm/oom_kill.c")]
internal sealed class OomTaskTable(Machine machine)
{
    private readonly OomTaskColumns _columns = machine.Era.Report.Columns;
    private readonly bool _inProcessOrder = machine.Era.Report.VictimSentence; // both went in 5.0 to 5.3

    /// <summary>Lists the processes that could be chosen: of a memory cgroup's subtree, or of the machine.</summary>
    public void Dump(OomContext oc)
    {
        MemCgroup? memcg = oc.Memcg;
        if (_columns is OomTaskColumns.WidePid or OomTaskColumns.RssParts)
        {
            Line("Tasks state (memory values in pages):");
        }
        Line(Heading());
        foreach (TaskStruct task in machine.Oom.Eligible(oc, _inProcessOrder ? null : memcg))
        {
            if (task.Mm is { } mm && (memcg is null || task.Cgroup.Memcg.IsDescendantOf(memcg)))
            {
                Line(Row(task, mm));
            }
        }
    }

    private string Heading() => _columns switch
    {
        OomTaskColumns.TableCounts => "[ pid ]   uid  tgid total_vm      rss nr_ptes nr_pmds swapents oom_score_adj name",
        OomTaskColumns.TableBytes => "[ pid ]   uid  tgid total_vm      rss pgtables_bytes swapents oom_score_adj name",
        OomTaskColumns.WidePid => "[  pid  ]   uid  tgid total_vm      rss pgtables_bytes swapents oom_score_adj name",
        _ => "[  pid  ]   uid  tgid total_vm      rss rss_anon rss_file rss_shmem pgtables_bytes swapents oom_score_adj name",
    };

    [Kernel("dump_task", "mm/oom_kill.c")]
    private string Row(TaskStruct task, Mm mm)
    {
        long tables = (long)mm.TablePages * KernelConstants.PageSize;
        CultureInfo invariant = CultureInfo.InvariantCulture;
        string process = string.Create(invariant, $"{task.Signal.Uid,5} {task.Signal.Tgid,5} {mm.TotalPages,8} {mm.Rss,8}");
        string rest = string.Create(invariant, $"{mm.SwapPages,8}         {task.Signal.OomScoreAdj,5} {task.Comm}");
        return _columns switch
        {
            OomTaskColumns.TableCounts => string.Create(invariant, $"[{task.Pid,5}] {process} {mm.PteTables,7} {mm.PmdTables,7} {rest}"),
            OomTaskColumns.TableBytes => string.Create(invariant, $"[{task.Pid,5}] {process} {tables,8} {rest}"),
            OomTaskColumns.WidePid => string.Create(invariant, $"[{task.Pid,7}] {process} {tables,8} {rest}"),
            _ => string.Create(invariant, $"[{task.Pid,7}] {process} {mm.AnonPages,8} {mm.FilePages,8} {mm.ShmemPages,9} {tables,8} {rest}"),
        };
    }

    private void Line(string text) => machine.Log.Write(PrintkLevel.Info, text);
}
