using Ullage.Abi;
using Ullage.Model.Charging;
using Ullage.Model.Pages;

namespace Ullage.Model.Reclaim;

/// <summary>
/// New pages wait in a per-CPU batch before they are counted on an LRU list (§3.1). A page that is freed while it waits
/// stays in memory, and charged, until the batch is emptied.
/// </summary>
[Kernel("struct lru_pvecs", "mm/swap.c")]
internal sealed class LruAdd
{
    private readonly Machine _machine;
    private readonly int _batch;
    private readonly bool _newAnonActive;
    private readonly bool _perZone;
    private readonly int[] _frames; // by CPU
    private readonly int[] _counts;

    public LruAdd(Machine machine)
    {
        _machine = machine;
        _batch = machine.Era.Lru.AddBatch;
        _newAnonActive = machine.Era.Lru.NewAnonActive;
        _perZone = machine.Era.Lru.PerZone;
        _frames = new int[machine.Options.PossibleCpus * _batch];
        _counts = new int[machine.Options.PossibleCpus];
    }

    [Kernel("lru_cache_add", "mm/swap.c")]
    public void Add(int frame)
    {
        int cpu = _machine.CurrentCpu;
        _machine.Frames.Flags(frame) |= PageFlags.InAddBatch;
        _frames[(cpu * _batch) + _counts[cpu]++] = frame;
        if (_counts[cpu] == _batch)
        {
            Drain(cpu);
        }
    }

    [Kernel("lru_add_drain_cpu", "mm/swap.c")]
    public void Drain(int cpu)
    {
        int first = cpu * _batch;
        for (int i = first; i < first + _counts[cpu]; i++)
        {
            MoveToList(cpu, _frames[i]);
        }
        _counts[cpu] = 0;
    }

    private void MoveToList(int cpu, int frame)
    {
        PageFrames frames = _machine.Frames;
        ref PageFlags flags = ref frames.Flags(frame);
        flags &= ~PageFlags.InAddBatch;
        if (frames.MapCount(frame) == 0)
        {
            _machine.Faults.FreeAnon(cpu, frame); // its last user went while it waited
            return;
        }
        flags |= PageFlags.Lru | (_newAnonActive && (flags & PageFlags.Anon) != 0 ? PageFlags.Active : PageFlags.None);
        LruList list = Lruvec.ListOf(flags);
        LruvecOf(frame).AddHead(frame, list);
        Count(cpu, frame, list, 1);
    }

    /// <summary>The lists that a page belongs to: those of the cgroup that it is charged to, or the root's.</summary>
    [Kernel("folio_lruvec", "include/linux/memcontrol.h")]
    internal Lruvec LruvecOf(int frame)
    {
        MemCgroup memcg = _machine.Hierarchy.ById(_machine.Frames.Memcg(frame)) ?? _machine.Hierarchy.Root.Memcg;
        Lruvec[] lruvecs = memcg.Lruvecs ??= NewLruvecs();
        return lruvecs[_perZone ? _machine.Frames.ZoneOf(frame).Index : 0];
    }

    /// <summary>All lruvecs of a cgroup, lowest zone first where it has one per zone; null = it never had a page.</summary>
    internal Lruvec[] NewLruvecs()
    {
        Lruvec[] lruvecs = new Lruvec[_perZone ? _machine.Frames.Zones.Count : 1];
        for (int i = 0; i < lruvecs.Length; i++)
        {
            lruvecs[i] = new Lruvec(_machine.Frames);
        }
        return lruvecs;
    }

    /// <summary>Counts a change of a list's size, for the cgroup and the machine.</summary>
    [Kernel("update_lru_size", "include/linux/mm_inline.h")]
    internal void Count(int cpu, int frame, LruList list, int change)
    {
        _machine.Vm.Add(VmItem.InactiveAnon + (int)list, change);
        _machine.Hierarchy.ById(_machine.Frames.Memcg(frame))?.Stats.Add(cpu, MemcgStat.InactiveAnon + (int)list, change);
    }

    /// <summary>Takes a page off its list.</summary>
    [Kernel("del_page_from_lru_list", "include/linux/mm_inline.h")]
    public void Remove(int cpu, int frame)
    {
        ref PageFlags flags = ref _machine.Frames.Flags(frame);
        if ((flags & PageFlags.Lru) == 0)
        {
            return;
        }
        LruList list = Lruvec.ListOf(flags);
        LruvecOf(frame).Remove(frame, list);
        Count(cpu, frame, list, -1);
        flags &= ~(PageFlags.Lru | PageFlags.Active | PageFlags.Unevictable);
    }

    /// <summary>Puts a page back that was taken off its list: by way of the batch, onto a list of the cgroup that it belongs to now.</summary>
    [Kernel("putback_lru_page", "mm/vmscan.c")]
    public void PutBack(int frame, PageFlags before)
    {
        if ((before & PageFlags.Lru) != 0)
        {
            _machine.Frames.Flags(frame) |= before & (PageFlags.Active | PageFlags.Unevictable);
            Add(frame);
        }
    }
}
