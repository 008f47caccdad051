using Ullage.Abi;
using Ullage.Model.Charging;
using Ullage.Model.Pages;

namespace Ullage.Model.Reclaim;

/// <summary>
/// New pages wait in a per-CPU batch before they are counted on an LRU list (§3.1). A page that is freed while it waits
/// stays in memory, and charged, until the batch is emptied.
/// </summary>
[Kernel("struct lru_pvecs", "mm/swap.c", Deviation = "Lists are counted, not linked, until reclaim's room is built.")]
internal sealed class LruAdd
{
    private readonly Machine _machine;
    private readonly int _batch;
    private readonly bool _newAnonActive;
    private readonly int[] _frames; // by CPU
    private readonly int[] _counts;

    public LruAdd(Machine machine)
    {
        _machine = machine;
        _batch = machine.Era.Lru.AddBatch;
        _newAnonActive = machine.Era.Lru.NewAnonActive;
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
        flags |= PageFlags.Lru | (_newAnonActive && (flags & PageFlags.Shmem) == 0 ? PageFlags.Active : PageFlags.None);
        _machine.Hierarchy.ById(frames.Memcg(frame))?.Stats.Add(cpu, ListOf(flags), 1);
    }

    /// <summary>Takes a page off its list's count.</summary>
    [Kernel("del_page_from_lru_list", "include/linux/mm_inline.h")]
    public void Remove(int cpu, int frame)
    {
        ref PageFlags flags = ref _machine.Frames.Flags(frame);
        if ((flags & PageFlags.Lru) == 0)
        {
            return;
        }
        _machine.Hierarchy.ById(_machine.Frames.Memcg(frame))?.Stats.Add(cpu, ListOf(flags), -1);
        flags &= ~(PageFlags.Lru | PageFlags.Active);
    }

    /// <summary>Puts a page back that was taken off its list, onto that of the cgroup which it belongs to now.</summary>
    [Kernel("putback_lru_page", "mm/vmscan.c")]
    public void PutBack(int cpu, int frame, PageFlags before)
    {
        if ((before & PageFlags.Lru) != 0)
        {
            _machine.Frames.Flags(frame) |= before & (PageFlags.Lru | PageFlags.Active);
            _machine.Hierarchy.ById(_machine.Frames.Memcg(frame))?.Stats.Add(cpu, ListOf(before), 1);
        }
    }

    private static MemcgStat ListOf(PageFlags flags) => (flags & PageFlags.Active) != 0 ? MemcgStat.ActiveAnon : MemcgStat.InactiveAnon;
}
