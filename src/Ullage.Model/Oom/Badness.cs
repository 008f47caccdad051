using Ullage.Abi;
using Ullage.Model.AddressSpace;
using Ullage.Model.Charging;
using Ullage.Model.Eras;

namespace Ullage.Model.Oom;

/// <summary>How bad a process is, and the choice of the worst (§8.3).</summary>
[Kernel("oom_badness", "mm/oom_kill.c")]
internal sealed class Badness(Machine machine)
{
    private const int Unkillable = -1000;

    private readonly OomRules _rules = machine.Era.Oom;

    /// <summary>What an unkillable process has: never chosen.</summary>
    public long Never => _rules.NegativeBadness ? long.MinValue : 0;

    /// <summary>Pages that killing <paramref name="task"/> would give, moved by oom_score_adj thousandths of <paramref name="totalPages"/>.</summary>
    public long Of(TaskStruct task, long totalPages)
    {
        Mm? mm = task.Mm;
        int adj = task.Signal.OomScoreAdj;
        if (mm is null || adj == Unkillable || mm.OomSkip)
        {
            return Never;
        }
        long points = mm.Rss + mm.SwapPages + mm.TablePages - (_rules.CountsPudTables ? 0 : mm.PudTables);
        if (_rules.RootBonus && task.Signal.IsPrivileged)
        {
            points -= points * 3 / 100;
        }
        points += adj * (totalPages / 1000);
        return _rules.NegativeBadness ? points : Math.Max(points, 1);
    }

    /// <summary>/proc/&lt;pid&gt;/oom_score, against all of RAM and swap.</summary>
    public long Score(TaskStruct task)
    {
        long total = machine.Frames.Managed + (machine.Options.SwapBytes >> 12);
        long points = Of(task, total);
        if (_rules.Score == OomScoreScale.Plain)
        {
            return points * 1000 / total;
        }
        return points == long.MinValue ? 0 : (1000 + (points * 1000 / total)) * 2 / 3;
    }

    /// <summary>The worst of the candidates, in scan order.</summary>
    [Kernel("select_bad_process", "mm/oom_kill.c")]
    public OomChoice Select(IEnumerable<TaskStruct> candidates, long totalPages)
    {
        TaskStruct? chosen = null;
        long best = Never;
        foreach (TaskStruct task in candidates)
        {
            if (AbortsScan(task, out bool skip))
            {
                return new OomChoice(null, 0, Aborted: true);
            }
            long points = skip ? Never : Of(task, totalPages);
            if (points != Never && Beats(points, chosen, best))
            {
                (chosen, best) = (task, points);
            }
        }
        return new OomChoice(chosen, best, Aborted: false);
    }

    /// <summary>A victim that has not given its memory back yet ends the scan; one that the reaper is done with is passed over.</summary>
    private bool AbortsScan(TaskStruct task, out bool skip)
    {
        skip = false;
        if (_rules.ExitingAbortsScan && task.Exiting)
        {
            return true;
        }
        if (task.IsOomVictim && task.Mm is { } mm)
        {
            skip = mm.OomSkip;
            return !skip;
        }
        return false;
    }

    private bool Beats(long points, TaskStruct? chosen, long best)
    {
        if (chosen is null || points > best)
        {
            return true;
        }
        return points == best && (_rules.Tie == BadnessTie.TakeLast || chosen.Signal.Leader != chosen);
    }
}
