using Ullage.Abi;
using Ullage.Model.Kernfs;

namespace Ullage.Model.Cgroups;

/// <summary>The pids controller's part of a cgroup: how many tasks are in its subtree, and how many may be. The root has none.</summary>
[Kernel("struct pids_cgroup", "kernel/cgroup/pids.c")]
internal sealed class PidsCgroup(PidsCgroup? parent)
{
    /// <summary>A limit that no machine reaches: it shows as max.</summary>
    public const long Unlimited = 4_194_305; // PID_MAX_LIMIT + 1

    public PidsCgroup? Parent { get; } = parent;

    /// <summary>Tasks in the subtree, zombies included until they are reaped.</summary>
    public long Current { get; private set; }

    /// <summary>Most tasks that there were at once.</summary>
    public long Peak { get; private set; }

    /// <summary>pids.max; <see cref="Unlimited"/> = max.</summary>
    public long Max { get; set; } = Unlimited;

    /// <summary>Forks that this limit refused, in the subtree where the era counts so.</summary>
    public long MaxEvents { get; set; }

    /// <summary>Forks that were refused because of exactly this limit, or of tasks exactly here, as the era counts.</summary>
    public long LocalEvents { get; set; }

    /// <summary>Forks of tasks exactly here that were refused.</summary>
    public long ForkFailures { get; set; }

    public FileChanges EventsChanges { get; } = new();

    /// <summary>Counts tasks whatever the limits: moving is never refused.</summary>
    [Kernel("pids_charge", "kernel/cgroup/pids.c")]
    public void Charge(int tasks)
    {
        for (PidsCgroup? p = this; p is not null; p = p.Parent)
        {
            p.Raise(tasks);
        }
    }

    private void Raise(int tasks)
    {
        Current += tasks;
        Peak = Math.Max(Peak, Current);
    }

    [Kernel("pids_uncharge", "kernel/cgroup/pids.c")]
    public void Uncharge(int tasks)
    {
        for (PidsCgroup? p = this; p is not null; p = p.Parent)
        {
            p.Current -= tasks;
            Invariant.Holds(p.Current >= 0);
        }
    }

    /// <summary>Counts one task more unless a limit refuses; answers whose.</summary>
    [Kernel("pids_try_charge", "kernel/cgroup/pids.c")]
    public PidsCgroup? TryCharge()
    {
        for (PidsCgroup? p = this; p is not null; p = p.Parent)
        {
            if (p.Current + 1 > p.Max)
            {
                for (PidsCgroup undo = this; undo != p; undo = undo.Parent!)
                {
                    undo.Current--;
                }
                return p;
            }
            p.Raise(1);
        }
        return null;
    }
}
