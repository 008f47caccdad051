using System.Globalization;
using Ullage.Abi;
using Ullage.Model.Charging;

namespace Ullage.Model.Cgroups;

/// <summary>
/// Where a task stands: one cgroup in every hierarchy, and with it one state of every controller (§10.1). Tasks that stand alike share one,
/// so moving a task is one pointer. It keeps its cgroups in memory: also a zombie's, which counts as nobody's task any more.
/// </summary>
[Kernel("struct css_set", "include/linux/cgroup-defs.h")]
public sealed class CssSet
{
    private readonly Cgroup[] _cgroups; // by hierarchy
    private readonly List<TaskStruct> _tasks = [];

    internal CssSet(int number, Cgroup[] cgroups, int memoryIndex)
    {
        _cgroups = cgroups;
        Number = number;
        MemoryCgroup = cgroups[memoryIndex];
        Memcg = MemoryCgroup.Memcg;
        foreach (Cgroup cgroup in cgroups)
        {
            Pids ??= cgroup.Pids;
            Cpuset ??= cgroup.Cpuset;
        }
    }

    /// <summary>Tells it from others, in the order in which they were made.</summary>
    public int Number { get; }

    /// <summary>Its cgroups, one for each hierarchy in the order of mounting.</summary>
    public IReadOnlyList<Cgroup> Cgroups => _cgroups;

    /// <summary>Its cgroup in the hierarchy that has the memory controller.</summary>
    public Cgroup MemoryCgroup { get; }

    /// <summary>The memory state that its tasks are charged to.</summary>
    public MemCgroup Memcg { get; }

    /// <summary>The pids state that counts its tasks; null = no pids controller counts them.</summary>
    internal PidsCgroup? Pids { get; }

    /// <summary>The CPUs and nodes that its tasks may use; null = there are no cpusets.</summary>
    public Cpuset? Cpuset { get; }

    /// <summary>Its living tasks in the order of arrival.</summary>
    public IReadOnlyList<TaskStruct> Tasks => _tasks;

    /// <summary>Tasks, zombies included, and migrations that hold it.</summary>
    public int References { get; internal set; }

    /// <summary>Its place in the list of all.</summary>
    internal int Place { get; set; } = -1;

    internal void AddTask(TaskStruct task)
    {
        _tasks.Add(task);
        foreach (Cgroup cgroup in _cgroups)
        {
            cgroup.AddTask(task);
        }
    }

    internal bool RemoveTask(TaskStruct task)
    {
        if (!_tasks.Remove(task))
        {
            return false;
        }
        foreach (Cgroup cgroup in _cgroups)
        {
            cgroup.RemoveTask(task);
        }
        return true;
    }

    /// <summary>Stands for the same cgroups and the same states of controllers (§10.1 step 2).</summary>
    [Kernel("compare_css_sets", "kernel/cgroup/cgroup.c")]
    internal bool IsLike(CssSet other) => Memcg == other.Memcg && Pids == other.Pids && Cpuset == other.Cpuset && _cgroups.AsSpan().SequenceEqual(other._cgroups);

    internal int Hash
    {
        get
        {
            HashCode hash = new();
            foreach (Cgroup cgroup in _cgroups)
            {
                hash.Add(cgroup.Serial); // numbers, not references: buckets are the same in every run
            }
            return hash.ToHashCode();
        }
    }

    internal Cgroup[] CopyCgroups() => (Cgroup[])_cgroups.Clone();

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"css_set {Number} ({Places()})");

    /// <summary>Its cgroups in words: <c>memory:/a pids:/</c>.</summary>
    public string Places()
    {
        List<string> places = [];
        foreach (Cgroup cgroup in _cgroups)
        {
            places.Add(cgroup.Hierarchy.Label + ":" + cgroup.Path);
        }
        return string.Join(' ', places);
    }
}
