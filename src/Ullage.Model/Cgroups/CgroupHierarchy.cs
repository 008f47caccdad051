using Ullage.Abi;
using Ullage.Model.Charging;

namespace Ullage.Model.Cgroups;

/// <summary>One mounted hierarchy: making, finding, filling and removing cgroups (§5.1, §10). One has the memory controller.</summary>
[Kernel("struct cgroup_root", "include/linux/cgroup-defs.h", Deviation = "An id of a memory cgroup is free again when the group is released; from 4.8 on kernels free it when it is removed.")]
public sealed partial class CgroupHierarchy
{
    private const int MaxMemcgId = 65535;
    private const int MaxNameLength = 4095; // only PATH_MAX ends a name: kernfs takes 256 characters (measured, E14)

    private readonly Machine _machine;
    private MemCgroup?[] _byId = new MemCgroup?[16];
    private int _ids = 1; // 0 is nobody's
    private readonly SortedSet<int> _freeIds = [];
    private readonly HierarchySpec _spec;
    private ulong _serial;

    private CgroupHierarchy(Machine machine, int index, HierarchySpec spec)
    {
        _machine = machine;
        _spec = spec;
        Index = index;
        Version = machine.Options.CgroupVersion;
        Root = new Cgroup(this, null, "", NextSerial());
        Root.OwnCpuset = HasCpuset ? new Cpuset(Root, null, Pages.NodeMask.First(machine.Options.Nodes), CpuMask.First(machine.Options.Cpus)) { MemExclusive = true, CpuExclusive = true } : null;
        Invariant.Holds(!HasMemory || CreateMemcg(Root));
    }

    /// <summary>1 or 2.</summary>
    public int Version { get; }

    /// <summary>The root cgroup.</summary>
    public Cgroup Root { get; }

    /// <summary>Cgroups in memory, dying ones included (/proc/cgroups num_cgroups, §5.1).</summary>
    public int Count { get; private set; } = 1;

    /// <summary>A memory cgroup by id; null when there is none.</summary>
    internal MemCgroup? ById(int id)
    {
        MemCgroup?[] byId = _byId;
        return (uint)id < (uint)byId.Length ? byId[id] : null;
    }

    /// <summary>All memory cgroups in memory, dying ones included, in the order of ids.</summary>
    internal IEnumerable<MemCgroup> Memcgs
    {
        get
        {
            foreach (MemCgroup? memcg in _byId)
            {
                if (memcg is not null)
                {
                    yield return memcg;
                }
            }
        }
    }

    /// <summary>The highest memory cgroup id that was ever given.</summary>
    internal int HighestId => _ids - 1;

    internal long NowNs => _machine.TimeNs;

    private ulong NextSerial() => ++_serial;

    /// <summary>The live cgroup at a path such as <c>/a/b</c>, or null.</summary>
    public Cgroup? Find(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        Cgroup? at = Root;
        foreach (string name in path.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            at = at?.Child(name);
        }
        return at;
    }

    /// <summary>Makes a cgroup (§10.4).</summary>
    [Kernel("cgroup_mkdir", "kernel/cgroup/cgroup.c")]
    public Errno Mkdir(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        int slash = path.TrimEnd('/').LastIndexOf('/');
        string name = path.TrimEnd('/')[(slash + 1)..];
        Cgroup? parent = Find(path[..Math.Max(slash, 0)]);
        if (name.Length == 0)
        {
            return Errno.EEXIST;
        }
        return parent is null ? Errno.ENOENT : Mkdir(parent, name);
    }

    private Errno Mkdir(Cgroup parent, string name)
    {
        if (name.Contains('\n', StringComparison.Ordinal))
        {
            return Errno.EINVAL;
        }
        if (name.Length > MaxNameLength)
        {
            return Errno.ENAMETOOLONG;
        }
        if (parent.Child(name) is not null || IsFileName(parent, name))
        {
            return Errno.EEXIST;
        }
        if (_machine.Current is { Signal: { IsPrivileged: false } maker } && parent.OwnerUid != maker.Uid)
        {
            return Errno.EACCES;
        }
        if (!WithinLimits(parent))
        {
            return Errno.EAGAIN;
        }
        Cgroup made = new(this, parent, name, NextSerial()) { OwnerUid = parent.OwnerUid, CloneChildren = parent.CloneChildren };
        bool hasMemory = Version == 1 ? HasMemory : parent.DistributesMemory;
        if (hasMemory && !CreateMemcg(made))
        {
            return _machine.Era.Cgroups.IdsExhausted;
        }
        CreateStates(parent, made);
        parent.AddChild(made);
        Count++;
        return Errno.None;
    }

    /// <summary>What a new cgroup has beside its memory.</summary>
    [Kernel("cgroup_apply_control_enable", "kernel/cgroup/cgroup.c")]
    private void CreateStates(Cgroup parent, Cgroup made)
    {
        if (Version == 1 ? HasPids : parent.DistributesPids)
        {
            made.OwnPids = new PidsCgroup(parent.Pids);
        }
        if (Version == 1 ? HasCpuset : parent.DistributesCpuset)
        {
            CreateCpuset(made);
        }
        if (Version == 2 && _machine.Psi.Enabled)
        {
            made.Pressure = _machine.Psi.NewGroup(parent.Pressure ?? _machine.Psi.Everything);
        }
    }

    /// <summary>Gives a cgroup its own set of CPUs and nodes; v1 copies the parent's where cgroup.clone_children says so.</summary>
    [Kernel("cpuset_css_online", "kernel/cgroup/cpuset.c")]
    internal static void CreateCpuset(Cgroup cgroup)
    {
        Cpuset above = cgroup.Parent!.Cpuset!;
        bool clones = cgroup.Hierarchy.Version == 1 && cgroup.CloneChildren;
        foreach (Cpuset sibling in above.Children)
        {
            clones &= !sibling.MemExclusive && !sibling.CpuExclusive;
        }
        cgroup.OwnCpuset = new Cpuset(cgroup, above, clones ? above.Mems : default, clones ? above.Cpus : CpuMask.None);
    }

    private bool IsFileName(Cgroup parent, string name) =>
        (name.Contains('.', StringComparison.Ordinal) || name is "tasks" or "notify_on_release" or "release_agent") && _machine.Files.Read(_machine.CgroupDirectory(parent) + "/" + name).Errno is not Errno.ENOENT;

    [Kernel("cgroup_check_hierarchy_limits", "kernel/cgroup/cgroup.c")]
    private bool WithinLimits(Cgroup parent)
    {
        if (Version == 1)
        {
            return true;
        }
        int level = 1;
        for (Cgroup? c = parent; c is not null; c = c.Parent, level++)
        {
            if (c.Descendants >= c.MaxDescendants || level > c.MaxDepth)
            {
                return false;
            }
        }
        return true;
    }

    /// <summary>Gives a cgroup its own memory controller state; false when ids have run out.</summary>
    [Kernel("mem_cgroup_css_alloc", "mm/memcontrol.c")]
    internal bool CreateMemcg(Cgroup cgroup)
    {
        int id = FreeId();
        if (id < 0)
        {
            return false;
        }
        _machine.MemcgMemory.Allocate();
        MemCgroup? parent = cgroup.Parent?.Memcg;
        MemCgroup memcg = new(cgroup, parent, id, NextSerial(), _machine.Options);
        _byId[id] = memcg;
        cgroup.OwnMemcg = memcg;
        if (parent is not null)
        {
            parent.Children.Add(memcg);
            parent.References++; // a child keeps its parent in memory, also when both were removed
        }
        return true;
    }

    private int FreeId()
    {
        if (_freeIds.Count > 0)
        {
            int id = _freeIds.Min;
            _freeIds.Remove(id);
            return id;
        }
        if (_ids > MaxMemcgId)
        {
            return -1;
        }
        if (_ids == _byId.Length)
        {
            Array.Resize(ref _byId, 2 * _ids);
        }
        return _ids++;
    }

    /// <summary>Removes a cgroup (§5.1): at once for those who look, while its charges may keep it in memory.</summary>
    [Kernel("cgroup_rmdir", "kernel/cgroup/cgroup.c")]
    public Errno Rmdir(string path)
    {
        Cgroup? cgroup = Find(path);
        if (cgroup is null)
        {
            return Errno.ENOENT;
        }
        if (cgroup.Parent is null || cgroup.Children.Count > 0 || cgroup.PopulatedTasks > 0)
        {
            return Errno.EBUSY;
        }
        cgroup.Online = false;
        cgroup.RemovedNs = _machine.TimeNs;
        cgroup.Parent.RemoveChild(cgroup);
        if (cgroup.Pressure is { } pressure)
        {
            _machine.Psi.Forget(pressure);
        }
        ChangeDying(cgroup, 1);
        if (cgroup.OwnMemcg is { } memcg)
        {
            Offline(memcg);
        }
        FreeIfUnused(cgroup);
        return Errno.None;
    }

    [Kernel("mem_cgroup_css_offline", "mm/memcontrol.c")]
    internal void Offline(MemCgroup memcg)
    {
        memcg.Online = false;
        memcg.Min = memcg.Low = 0; // §5.2
        memcg.References++;
        _machine.Slab.Offline(memcg);
        _machine.Dcache.Offline(memcg);
        _machine.Shrinkers.Offline(memcg);
        if (_machine.Era.Life.KernelPagesReparented && memcg.References > 1)
        {
            _machine.Kmem.ReparentKernelPages(memcg);
        }
        if (_machine.Era.Charging.DrainStockOnOffline)
        {
            _machine.Charge.DrainAllStock(memcg);
        }
        Put(memcg, 1);
    }

    /// <summary>Drops references; the last one frees a cgroup that was removed.</summary>
    [Kernel("css_put", "include/linux/cgroup_refcnt.h")]
    internal void Put(MemCgroup memcg, long references)
    {
        memcg.References -= references;
        Invariant.Holds(memcg.References >= 0 || memcg.IsRoot);
        if (!memcg.Online && memcg.References == 0 && _machine.Stock.PagesOf(memcg) == 0) // a stock pins its cgroup, too (§5.3)
        {
            Release(memcg);
        }
    }

    [Kernel("mem_cgroup_css_free", "mm/memcontrol.c")]
    private void Release(MemCgroup memcg)
    {
        Invariant.Holds(_byId[memcg.Id] == memcg);
        memcg.Stats.Flush();
        if (!_machine.Era.Stats.SurviveRemoval)
        {
            memcg.Stats.ForgetInAncestors();
        }
        _machine.SoftLimits.Remove(memcg);
        _byId[memcg.Id] = null;
        _freeIds.Add(memcg.Id);
        _machine.MemcgMemory.Free(memcg);
        FreeIfUnused(memcg.Cgroup);
        if (memcg.Parent is { } parent)
        {
            parent.Children.Remove(memcg);
            Put(parent, 1);
        }
    }

    /// <summary>A removed cgroup goes when nothing of it is in memory any more: no memory state, no css_set.</summary>
    [Kernel("css_free_rwork_fn", "kernel/cgroup/cgroup.c")]
    internal void FreeIfUnused(Cgroup cgroup)
    {
        if (cgroup.Online || cgroup.IsFreed || cgroup.CssSets > 0 || (cgroup.OwnMemcg is { } memcg && ById(memcg.Id) == memcg))
        {
            return;
        }
        cgroup.IsFreed = true;
        ChangeDying(cgroup, -1);
        Count--;
    }

    private static void ChangeDying(Cgroup cgroup, int change)
    {
        for (Cgroup? c = cgroup.Parent; c is not null; c = c.Parent)
        {
            c.DyingDescendants += change;
        }
    }
}
