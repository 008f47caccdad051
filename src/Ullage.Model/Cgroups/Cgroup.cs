using Ullage.Abi;
using Ullage.Model.Charging;
using Ullage.Model.Kernfs;

namespace Ullage.Model.Cgroups;

/// <summary>One cgroup of the hierarchy that has the memory controller.</summary>
[Kernel("struct cgroup", "include/linux/cgroup-defs.h")]
public sealed class Cgroup
{
    private readonly List<Cgroup> _children = [];
    private readonly Dictionary<string, Cgroup> _byName = new(StringComparer.Ordinal);
    private readonly List<TaskStruct> _tasks = [];

    internal Cgroup(CgroupHierarchy hierarchy, Cgroup? parent, string name, ulong serial)
    {
        Hierarchy = hierarchy;
        Parent = parent;
        Name = name;
        Serial = serial;
        Level = parent is null ? 0 : parent.Level + 1;
    }

    /// <summary>The hierarchy it is in.</summary>
    public CgroupHierarchy Hierarchy { get; }

    /// <summary>The cgroup above; null for the root.</summary>
    public Cgroup? Parent { get; }

    /// <summary>The last component of its path; empty for the root.</summary>
    public string Name { get; }

    /// <summary>Its number in the order of creation, never reused.</summary>
    public ulong Serial { get; }

    /// <summary>0 for the root.</summary>
    public int Level { get; }

    /// <summary>Its path in the hierarchy: <c>/</c>, <c>/a/b</c>.</summary>
    public string Path => Parent is null ? "/" : Parent.Parent is null ? "/" + Name : Parent.Path + "/" + Name;

    /// <summary>False once removed.</summary>
    public bool Online { get; internal set; } = true;

    /// <summary>Its own memory controller state; null in v2 where the parent does not distribute memory.</summary>
    public MemCgroup? OwnMemcg { get; internal set; }

    /// <summary>The memory cgroup that its tasks are charged to: its own, or the nearest above.</summary>
    public MemCgroup Memcg => OwnMemcg ?? Parent!.Memcg;

    /// <summary>v2: its pressure group; null for the root, on v1 and where PSI is off.</summary>
    internal Pressure.PsiGroup? Pressure { get; set; }

    /// <summary>v2: <c>memory</c> stands in its cgroup.subtree_control.</summary>
    public bool DistributesMemory { get; internal set; }

    /// <summary>v2: <c>pids</c> stands in its cgroup.subtree_control.</summary>
    public bool DistributesPids { get; internal set; }

    /// <summary>v2: <c>cpuset</c> stands in its cgroup.subtree_control.</summary>
    public bool DistributesCpuset { get; internal set; }

    /// <summary>v2: it hands a controller down that threaded cgroups can have.</summary>
    internal bool DistributesThreaded => DistributesPids || DistributesCpuset;

    /// <summary>Its own set of CPUs and nodes; null where the cpuset controller is not.</summary>
    public Cpuset? OwnCpuset { get; internal set; }

    /// <summary>The set that its tasks keep to: its own, or the nearest above; null = there are no cpusets.</summary>
    public Cpuset? Cpuset => OwnCpuset ?? Parent?.Cpuset;

    /// <summary>Its own count of tasks; null for the root, and where the pids controller is not.</summary>
    internal PidsCgroup? OwnPids { get; set; }

    /// <summary>The count that its tasks are in: its own, or the nearest above.</summary>
    internal PidsCgroup? Pids => OwnPids ?? Parent?.Pids;

    /// <summary>css_sets that pass through it: they keep it in memory.</summary>
    public int CssSets { get; internal set; }

    /// <summary>Nothing of it is left but what others still say of it.</summary>
    internal bool IsFreed { get; set; }

    /// <summary>v2: who may move tasks and make cgroups in it, besides root (§10.2).</summary>
    public int OwnerUid { get; internal set; }

    /// <summary>When it was removed, in nanoseconds since boot; -1 = it was not.</summary>
    public long RemovedNs { get; internal set; } = -1;

    /// <summary>v2: it is threaded, and belongs to the resource domain of <see cref="Domain"/> (§10.2).</summary>
    public bool IsThreaded { get; internal set; }

    /// <summary>v2: the cgroup whose resources its tasks use: itself, or, when it is threaded, its nearest ancestor that is not.</summary>
    public Cgroup Domain => IsThreaded ? Parent!.Domain : this;

    /// <summary>Live children in creation order.</summary>
    public IReadOnlyList<Cgroup> Children => _children;

    /// <summary>Its tasks in the order of arrival, zombies excluded.</summary>
    public IReadOnlyList<TaskStruct> Tasks => _tasks;

    /// <summary>Tasks in the subtree.</summary>
    public int PopulatedTasks { get; private set; }

    /// <summary>Removed cgroups below that are still in memory.</summary>
    public int DyingDescendants { get; internal set; }

    /// <summary>v2 cgroup.max.depth; <see cref="int.MaxValue"/> = max.</summary>
    public int MaxDepth { get; internal set; } = int.MaxValue;

    /// <summary>v2 cgroup.max.descendants; <see cref="int.MaxValue"/> = max.</summary>
    public int MaxDescendants { get; internal set; } = int.MaxValue;

    /// <summary>v1 notify_on_release.</summary>
    public bool NotifyOnRelease { get; internal set; }

    /// <summary>v1 cgroup.clone_children.</summary>
    public bool CloneChildren { get; internal set; }

    /// <summary>v2 cgroup.freeze as written here.</summary>
    public bool Freeze { get; internal set; }

    /// <summary>Its tasks do not run: it or a cgroup above is frozen.</summary>
    public bool Frozen => Freeze || (Parent?.Frozen ?? false);

    internal FileChanges EventsChanges { get; } = new();

    /// <summary>Writes cgroup.freeze; cgroup.events changes here and below where the state does.</summary>
    [Kernel("cgroup_freeze", "kernel/cgroup/freezer.c")]
    internal void SetFreeze(bool freeze)
    {
        bool was = Frozen;
        Freeze = freeze;
        if (was != Frozen)
        {
            NotifyFrozen();
        }
    }

    private void NotifyFrozen()
    {
        EventsChanges.Notify(Hierarchy.NowNs);
        foreach (Cgroup child in _children)
        {
            if (!child.Freeze)
            {
                child.NotifyFrozen();
            }
        }
    }

    /// <summary>Live cgroups below.</summary>
    public int Descendants
    {
        get
        {
            int count = 0;
            foreach (Cgroup child in _children)
            {
                count += 1 + child.Descendants;
            }
            return count;
        }
    }

    /// <summary>The live child of that name, or null.</summary>
    public Cgroup? Child(string name)
    {
        return _byName.GetValueOrDefault(name);
    }

    internal void AddChild(Cgroup child)
    {
        _children.Add(child);
        _byName.Add(child.Name, child);
    }

    internal void RemoveChild(Cgroup child)
    {
        _children.Remove(child);
        _byName.Remove(child.Name);
    }

    /// <summary>It is that one or stands below it.</summary>
    internal bool IsBelow(Cgroup ancestor)
    {
        for (Cgroup? at = this; at is not null; at = at.Parent)
        {
            if (at == ancestor)
            {
                return true;
            }
        }
        return false;
    }

    internal void AddTask(TaskStruct task)
    {
        _tasks.Add(task);
        ChangePopulation(1);
    }

    internal void RemoveTask(TaskStruct task)
    {
        if (_tasks.Remove(task))
        {
            ChangePopulation(-1);
        }
    }

    [Kernel("cgroup_update_populated", "kernel/cgroup/cgroup.c")]
    private void ChangePopulation(int change)
    {
        for (Cgroup? c = this; c is not null; c = c.Parent)
        {
            bool was = c.PopulatedTasks > 0;
            c.PopulatedTasks += change;
            if (was != c.PopulatedTasks > 0)
            {
                c.EventsChanges.Notify(Hierarchy.NowNs);
            }
        }
    }

    /// <inheritdoc/>
    public override string ToString() => Path;
}
