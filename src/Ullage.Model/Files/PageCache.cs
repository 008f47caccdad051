using Ullage.Abi;
using Ullage.Model.Charging;
using Ullage.Model.Pages;

namespace Ullage.Model.Files;

/// <summary>
/// The page cache: files' pages in memory. A page is charged to who first needs it, by reading, reading ahead, writing or faulting (§2.17), and
/// belongs to that cgroup until it is reclaimed or dropped, whoever uses it meanwhile. A frame's map count is one more than its mappings
/// as long as it is in a file.
/// </summary>
[Kernel("filemap_add_folio", "mm/filemap.c", Deviation = "4 KiB pages only: of the larger folios that ext4 uses from 6.16 on, only that they need no nodes is modelled.")]
internal sealed partial class PageCache
{
    private readonly Machine _machine;
    private readonly PageFrames _frames;
    private readonly Eras.FileRules _rules;
    private readonly List<AddressSpaceMap> _maps = [];
    private readonly Dictionary<string, AddressSpaceMap> _byPath = new(StringComparer.Ordinal);
    private readonly Stack<int> _freeNumbers = new();
    private readonly ReadRequests _reads = new();
    private readonly Action _completeReads;
    private bool _completionQueued;
    private readonly Func<int, AddressSpaceMap> _mapOf;

    public PageCache(Machine machine)
    {
        _machine = machine;
        _frames = machine.Frames;
        _rules = machine.Era.Files;
        Tree = new PageTree(machine);
        Readahead = new Readahead(machine, this);
        Writeback = new Writeback(machine, this);
        _completeReads = CompleteReads;
        _mapOf = Map;
    }

    /// <summary>What is where.</summary>
    public PageTree Tree { get; }

    public Readahead Readahead { get; }

    public Writeback Writeback { get; }

    /// <summary>The file whose page a frame is.</summary>
    public AddressSpaceMap Map(int number) => _maps[number];

    /// <summary>All files that are known, in the order of their numbers; those that are gone are empty.</summary>
    public IReadOnlyList<AddressSpaceMap> Maps => _maps;

    /// <summary>The file of a path; null = there is none.</summary>
    public AddressSpaceMap? Lookup(string path) => _byPath.GetValueOrDefault(path);

    /// <summary>Makes a file of a path: nothing of it is in memory.</summary>
    public AddressSpaceMap Create(string path, long bytes)
    {
        AddressSpaceMap map = NewMap(path, bytes);
        _byPath.Add(path, map);
        return map;
    }

    /// <summary>Makes a file that no path leads to: whoever keeps its name keeps it.</summary>
    [Kernel("inode_init_always", "fs/inode.c")]
    public AddressSpaceMap NewMap(string name, long bytes)
    {
        bool reused = _freeNumbers.TryPop(out int number);
        AddressSpaceMap map = new(reused ? number : _maps.Count, name) { Bytes = bytes, OnDisk = bytes };
        if (reused)
        {
            _maps[number] = map;
        }
        else
        {
            _maps.Add(map);
        }
        return map;
    }

    /// <summary>Takes a name away; the file goes with its last user.</summary>
    [Kernel("iput", "fs/inode.c")]
    public void Unlink(AddressSpaceMap map)
    {
        if (_byPath.GetValueOrDefault(map.Name) == map)
        {
            _byPath.Remove(map.Name);
        }
        map.Unlinked = true;
        Release(map);
    }

    /// <summary>A user of a file has gone.</summary>
    public void Put(AddressSpaceMap map)
    {
        map.Users--;
        Invariant.Holds(map.Users >= 0);
        Release(map);
    }

    private void Release(AddressSpaceMap map)
    {
        if (map is { Unlinked: true, Users: 0 })
        {
            Truncate(map, 0);
            _maps[map.Number] = new AddressSpaceMap(map.Number, "") { Unlinked = true, Users = 1 };
            _freeNumbers.Push(map.Number);
        }
    }

    /// <summary>A page that the running call has found and goes on to use: it cannot be reclaimed while more is read. -1 = none.</summary>
    internal int Held { get; set; } = -1;

    /// <summary>The frame of a page; -1 = it is not in memory.</summary>
    [Kernel("filemap_get_entry", "mm/filemap.c")]
    public int Find(AddressSpaceMap map, long index)
    {
        long entry = Tree.Load(map, index);
        return entry > 0 ? (int)(entry - 1) : -1;
    }

    /// <summary>Who pays for what the current task brings in.</summary>
    [Kernel("get_mem_cgroup_from_mm", "mm/memcontrol.c")]
    internal MemCgroup Payer()
    {
        TaskStruct? task = _machine.Current;
        return task is null ? _machine.Hierarchy.Root.Memcg : (task.Mm?.Owner ?? task).Cgroup.Memcg;
    }

    /// <summary>
    /// Adds a page that is not there, locked: whoever adds it reads or writes it. A page that was reclaimed not long ago is a refault, unless it is
    /// about to be overwritten (§3.10). -1 = no memory, or the charge failed.
    /// </summary>
    [Kernel("add_to_page_cache_lru", "mm/filemap.c")]
    public int Add(AddressSpaceMap map, long index, Gfp gfp, bool toWrite, bool inLargeFolio = false)
    {
        int frame = _frames.Allocate(PageFlags.File);
        if (frame < 0 && (frame = _machine.AllocateSlow(PageFlags.File)) < 0)
        {
            return -1;
        }
        MemCgroup memcg = Payer();
        ChargeStatus status = _machine.Charge.Charge(memcg, gfp, 1);
        if (status == ChargeStatus.NoMem)
        {
            _frames.Release(frame);
            return -1;
        }
        bool charged = status == ChargeStatus.Charged && !memcg.IsRoot;
        if (!Tree.TryReserve(map, index, memcg, gfp, inLargeFolio))
        {
            _frames.Release(frame);
            _machine.Charge.Uncharge(memcg, charged ? 1 : 0);
            return -1;
        }
        _machine.Spend(_machine.Costs.FilePageAddNs);
        _frames.Flags(frame) |= PageFlags.Locked;
        _frames.Mapping(frame) = map.Number;
        _frames.Index(frame) = (int)index;
        _frames.MapCount(frame) = 1; // the file's own
        if (charged)
        {
            Commit(memcg, frame);
        }
        _machine.Vm.Add(VmItem.FilePages, 1);
        long before = Tree.Store(map, index, frame + 1L);
        Invariant.Holds(before <= 0, "no page is there twice");
        if (before < 0 && !toWrite)
        {
            _machine.Workingset.Refault(frame, ~before);
        }
        _machine.Lru.Add(frame);
        return frame;
    }

    [Kernel("commit_charge", "mm/memcontrol.c")]
    private void Commit(MemCgroup memcg, int frame)
    {
        int cpu = _machine.CurrentCpu;
        _frames.Memcg(frame) = (ushort)memcg.Id;
        memcg.References++;
        memcg.Stats.Add(cpu, MemcgStat.File, 1);
        memcg.Stats.Add(cpu, MemcgStat.PgpgIn, 1);
        _machine.PageEvents.Add(memcg, cpu, 1);
    }

    /// <summary>The cgroup that a frame is charged to; null = nobody.</summary>
    internal MemCgroup? MemcgOf(int frame) => _machine.Hierarchy.ById(_frames.Memcg(frame)) is { IsRoot: false } memcg ? memcg : null;

    internal void Count(int frame, MemcgStat item, VmItem vm, int change)
    {
        _machine.Vm.Add(vm, change);
        MemcgOf(frame)?.Stats.Add(_machine.CurrentCpu, item, change);
    }

    /// <summary>Takes a page out of its file, leaving a shadow or nothing. The frame is freed unless a CPU's add batch still holds it.</summary>
    [Kernel("filemap_remove_folio", "mm/filemap.c")]
    private void Remove(int frame, long entry)
    {
        AddressSpaceMap map = _maps[_frames.Mapping(frame)];
        long index = _frames.Index(frame);
        if ((_frames.Flags(frame) & PageFlags.Dirty) != 0)
        {
            Writeback.CancelDirty(map, frame);
        }
        Tree.Store(map, index, entry);
        Count(frame, MemcgStat.File, VmItem.FilePages, -1);
        _frames.Flags(frame) &= ~(PageFlags.Locked | PageFlags.File);
        Invariant.Holds(_frames.MapCount(frame) == 1);
        _frames.MapCount(frame) = 0;
        if ((_frames.Flags(frame) & PageFlags.InAddBatch) == 0)
        {
            Free(_machine.CurrentCpu, frame);
        }
    }

    /// <summary>Frees a page that has left its file.</summary>
    [Kernel("__folio_put", "mm/swap.c")]
    internal void Free(int cpu, int frame)
    {
        _machine.Lru.Remove(cpu, frame);
        MemCgroup? memcg = MemcgOf(frame);
        _frames.Release(frame);
        if (memcg is not null)
        {
            memcg.Stats.Add(cpu, MemcgStat.PgpgOut, 1);
            _machine.Uncharges.Add(memcg);
        }
    }
}
