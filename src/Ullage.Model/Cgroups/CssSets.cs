using System.Diagnostics.CodeAnalysis;
using Ullage.Abi;
using Ullage.Model.Charging;

namespace Ullage.Model.Cgroups;

/// <summary>All css_sets: found by what they stand for, made when there is none, gone with their last task (§10.1).</summary>
[Kernel("css_set_table", "kernel/cgroup/cgroup.c")]
public sealed class CssSets
{
    private readonly Machine _machine;
    private readonly HashSet<CssSet> _table = new(Alike.Comparer); // looked up, never walked
    private readonly List<CssSet> _all = [];
    private readonly int _memoryIndex;
    private int _made;

    internal CssSets(Machine machine, IReadOnlyList<CgroupHierarchy> hierarchies, int memoryIndex)
    {
        _machine = machine;
        _memoryIndex = memoryIndex;
        Cgroup[] roots = new Cgroup[hierarchies.Count];
        for (int i = 0; i < roots.Length; i++)
        {
            roots[i] = hierarchies[i].Root;
        }
        Init = Add(new CssSet(++_made, roots, memoryIndex));
        Init.References = 1; // init's, for ever
    }

    /// <summary>The roots of all hierarchies: where tasks begin.</summary>
    [Kernel("init_css_set", "kernel/cgroup/cgroup.c")]
    public CssSet Init { get; }

    /// <summary>Those that there are, in no order that means anything.</summary>
    public IReadOnlyList<CssSet> All => _all;

    /// <summary>The one that differs from another only in one hierarchy; made when there is none. The caller holds it.</summary>
    [Kernel("find_css_set", "kernel/cgroup/cgroup.c")]
    internal CssSet Find(CssSet like, Cgroup cgroup, out bool made)
    {
        Cgroup[] cgroups = like.CopyCgroups();
        cgroups[cgroup.Hierarchy.Index] = cgroup;
        CssSet wanted = new(_made + 1, cgroups, _memoryIndex);
        made = !_table.TryGetValue(wanted, out CssSet? found);
        if (made)
        {
            _made++;
            found = Add(wanted);
        }
        found!.References++;
        return found;
    }

    private CssSet Add(CssSet made)
    {
        _table.Add(made);
        made.Place = _all.Count;
        _all.Add(made);
        foreach (Cgroup cgroup in made.Cgroups)
        {
            cgroup.CssSets++;
        }
        made.Memcg.References++;
        return made;
    }

    /// <summary>One holder less; the last one takes it along, and cgroups that were removed may go then.</summary>
    [Kernel("put_css_set", "kernel/cgroup/cgroup-internal.h")]
    internal void Put(CssSet set)
    {
        Invariant.Holds(set.References > 0 && set.Place >= 0);
        if (--set.References > 0)
        {
            return;
        }
        Invariant.Holds(set.Tasks.Count == 0 && set != Init);
        _table.Remove(set);
        CssSet last = _all[^1];
        (_all[set.Place], last.Place) = (last, set.Place);
        _all.RemoveAt(_all.Count - 1);
        set.Place = -1;
        foreach (Cgroup cgroup in set.Cgroups)
        {
            cgroup.CssSets--;
            cgroup.Hierarchy.FreeIfUnused(cgroup);
        }
        _machine.Hierarchy.Put(set.Memcg, 1);
    }

    /// <summary>A new task stands where its parent does.</summary>
    [Kernel("cgroup_post_fork", "kernel/cgroup/cgroup.c")]
    internal static void Link(TaskStruct task)
    {
        task.CssSet.References++;
        task.HoldsCssSet = true;
        task.CssSet.AddTask(task);
    }

    /// <summary>A task moves. The source is held by the migration until it ends.</summary>
    [Kernel("cgroup_task_migrate", "kernel/cgroup/cgroup.c")]
    internal void Move(TaskStruct task, CssSet to)
    {
        CssSet from = task.CssSet;
        from.RemoveTask(task);
        task.CssSet = to;
        to.References++;
        to.AddTask(task);
        Put(from);
    }

    /// <summary>A task exits: it is no cgroup's task from now on. Since 4.4 it still stands where it stood, and holds it; 4.1 puts it back to the start.</summary>
    [Kernel("cgroup_exit", "kernel/cgroup/cgroup.c")]
    internal void Exit(TaskStruct task)
    {
        if (!task.CssSet.RemoveTask(task) || _machine.Era.Life.ZombiesKeepCgroup)
        {
            return;
        }
        CssSet from = task.CssSet;
        task.CssSet = Init;
        Init.References++;
        _machine.Controllers.Pids.Exit(task, from);
        Put(from);
    }

    /// <summary>Nobody will look at the task again.</summary>
    [Kernel("cgroup_free", "kernel/cgroup/cgroup.c")]
    internal void Release(TaskStruct task)
    {
        if (task.HoldsCssSet)
        {
            task.HoldsCssSet = false;
            _machine.Controllers.Pids.Exit(task, task.CssSet);
            Put(task.CssSet);
        }
    }

    /// <summary>css_sets that keep a memory cgroup in memory.</summary>
    internal int HoldersOf(MemCgroup memcg)
    {
        int holders = 0;
        foreach (CssSet set in _all)
        {
            holders += set.Memcg == memcg ? 1 : 0;
        }
        return holders;
    }

    /// <summary>References agree with tasks, no two stand for the same, and cgroups know how many pass through them.</summary>
    internal void Verify()
    {
        Dictionary<CssSet, int> holders = [];
        foreach (TaskStruct task in _machine.Tasks.All)
        {
            Invariant.Holds(task.HoldsCssSet && task.CssSet.Place >= 0, $"css_set of {task}");
            holders[task.CssSet] = holders.GetValueOrDefault(task.CssSet) + 1;
        }
        foreach (CssSet set in _all)
        {
            int held = holders.GetValueOrDefault(set) + (set == Init ? 1 : 0);
            Invariant.Holds(set.References == held, $"references of {set}: {set.References} = {held}");
            foreach (TaskStruct task in set.Tasks)
            {
                Invariant.Holds(task.CssSet == set && !task.Exiting, $"{task} is on the list of {set}");
            }
            foreach (CssSet other in _all)
            {
                Invariant.Holds(set == other || !set.IsLike(other), $"{set} and {other} stand for the same");
            }
        }
    }

    private sealed class Alike : IEqualityComparer<CssSet>
    {
        public static readonly Alike Comparer = new();

        public bool Equals(CssSet? x, CssSet? y) => x is not null && y is not null && x.IsLike(y);

        public int GetHashCode([DisallowNull] CssSet set) => set.Hash;
    }
}
