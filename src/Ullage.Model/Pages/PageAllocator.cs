using Ullage.Abi;
using Ullage.Model.Charging;
using Ullage.Model.Eras;

namespace Ullage.Model.Pages;

/// <summary>
/// What happens when no zone is above its low watermark (§9.2): the request goes down to min, then tries to reclaim, then asks for
/// a victim and tries again while that one dies. It fails only for who may not wait, and for victims whose reserve is used up.
/// </summary>
[Kernel("__alloc_pages_slowpath", "mm/page_alloc.c", Deviation = "The OOM lock is never found taken, because a call runs to its end. Frames of higher orders are taken one by one and need not lie together.")]
internal sealed partial class PageAllocator
{
    private readonly Machine _machine;
    private readonly PageFrames _frames;
    private readonly PagesRules _rules;

    public PageAllocator(Machine machine)
    {
        _machine = machine;
        _frames = machine.Frames;
        _rules = machine.Era.Pages;
        Warning = new AllocationWarning(machine);
        Numa = new NumaCounters(machine.Frames);
    }

    /// <summary>Direct reclaims for kernel memory (vmstat allocstall_normal).</summary>
    public long StallsNormal { get; private set; }

    /// <summary>Direct reclaims for pages of user space (vmstat allocstall_movable).</summary>
    public long StallsMovable { get; private set; }

    /// <summary>A frame, by the slow path if need be; -1 = none.</summary>
    /// <param name="use">What it is for.</param>
    /// <param name="ofMapping">The memory policy of the mapping that it is for; null = the task's own applies.</param>
    /// <param name="place">Which page of the mapping, for policies that spread.</param>
    /// <param name="order">It is one of so many that are wanted together (2 to that power).</param>
    public int Allocate(PageFlags use, MemoryPolicy? ofMapping = null, long place = -1, int order = 0)
    {
        int frame = _frames.Allocate(use);
        if (frame >= 0)
        {
            return frame;
        }
        AllocRequest request = RequestOf(use, ofMapping, place) with { Order = order };
        frame = _frames.IsNuma ? Take(request, Watermark.Low, hardwall: true) : -1;
        if (frame < 0)
        {
            frame = AllocateSlow(request);
        }
        if (frame < 0 && _machine is { Current: { } task, Panicked: null })
        {
            Warning.PageFailed(task, request.Gfp, request.IsBound ? request.Nodes : null);
        }
        return frame;
    }

    /// <summary>A frame for the kernel if there is one above the low watermark; -1 = none.</summary>
    public int AllocateFast(PageFlags use)
    {
        int frame = _frames.Allocate(use);
        return frame < 0 && _frames.IsNuma ? Take(RequestOf(use, null, -1), Watermark.Low, hardwall: true) : frame;
    }

    /// <summary>Tells about failures.</summary>
    public AllocationWarning Warning { get; }

    /// <summary>Pages of user space may lie anywhere; page tables are kernel memory, accounted where the era does so.</summary>
    private Gfp GfpOf(PageFlags use) =>
        (use & PageFlags.Anon) != 0 ? Gfp.HighUserMovable : _machine.Era.Kmem.ChargesPageTables ? Gfp.KernelAccount : Gfp.Kernel;

    private int AllocateSlow(in AllocRequest request)
    {
        TaskStruct? task = _machine.Current;
        WakeKswapds(request);
        int frame = TakeOrCompact(request);
        int loops = 0;
        while (frame < 0)
        {
            if (_machine.Panicked is not null)
            {
                return -1;
            }
            WakeKswapds(request);
            frame = FromReserve(request, task);
            if (frame >= 0 || CannotReclaim(task))
            {
                return frame;
            }
            long reclaimed = DirectReclaim(request);
            frame = TakeOrCompact(request);
            if (frame >= 0 || ((request.Gfp & Gfp.NoRetry) != 0))
            {
                return frame;
            }
            if (_machine.ReclaimRetry.ShouldRetry(reclaimed, RetryNodes(request), ref loops))
            {
                continue;
            }
            frame = AllocateOrKill(request, out bool progress);
            if (frame < 0 && (!progress || IsExhaustedVictim(task)))
            {
                return FromReserve(request, task); // a victim's last try; -1 is for those who do not wait
            }
            loops = 0;
        }
        return frame;
    }

    private int TakeOrCompact(in AllocRequest request)
    {
        int frame = Take(request, Watermark.Min, hardwall: false);
        if (frame < 0)
        {
            DirectCompact(request);
        }
        return frame;
    }

    /// <summary>Who allocates in order to free, and who is about to die, may take what others must leave (§8.5), from wherever it lies.</summary>
    [Kernel("gfp_pfmemalloc_flags", "mm/page_alloc.c", Deviation = "What the machine does for no task, such as loading programs before the story begins, may take everything.")]
    private int FromReserve(in AllocRequest request, TaskStruct? task)
    {
        if (task is null or { Memalloc: true })
        {
            return TakeAnywhere(request, Watermark.None);
        }
        if (!task.IsOomVictim)
        {
            return -1;
        }
        return TakeAnywhere(request, _rules.Victim == VictimReserve.NoWatermarks ? Watermark.None : Watermark.Oom);
    }

    /// <summary>No direct reclaim: it would recurse, or the task must not loop (4.1's victims).</summary>
    private bool CannotReclaim(TaskStruct? task) =>
        task is null or { Memalloc: true } || (_rules.Victim == VictimReserve.NoWatermarks && task.IsOomVictim);

    /// <summary>One try to free 32 pages; a memory stall (§6.7).</summary>
    [Kernel("__perform_reclaim", "mm/page_alloc.c")]
    private long DirectReclaim(in AllocRequest request)
    {
        TaskStruct? task = _machine.Current;
        Tracing.KernelSite outer = _machine.Path.Site;
        _machine.Path.Site = Tracing.KernelSite.Global;
        bool nested = _machine.Psi.MemstallEnter(task);
        long reclaimed = _machine.Reclaim.TryToFreePages(request.Gfp, request.Preferred, ReclaimNodes(request));
        _machine.Psi.MemstallLeave(task, nested);
        _machine.Path.Site = outer;
        return reclaimed;
    }

    /// <summary>
    /// For several frames at once the kernel tries to move pages together, before and after reclaim; a memory stall (§6.7). Where it comes to this there is
    /// too little memory for it, and it ends as soon as it has looked at each zone. That there is enough, but scattered, does not happen here.
    /// </summary>
    [Kernel("__alloc_pages_direct_compact", "mm/page_alloc.c", Deviation = "Frames are never scattered: always COMPACT_SKIPPED. So kcompactd has nothing to do, either.")]
    private void DirectCompact(in AllocRequest request)
    {
        if (request.Order == 0 || CannotReclaim(_machine.Current))
        {
            return;
        }
        TaskStruct? task = _machine.Current;
        Tracing.KernelSite outer = _machine.Path.Site;
        _machine.Path.Site = Tracing.KernelSite.Compaction;
        bool nested = _machine.Psi.MemstallEnter(task);
        _machine.Spend(_machine.Costs.CompactionCheckNs);
        _machine.Psi.MemstallLeave(task, nested);
        _machine.Path.Site = outer;
    }

    /// <summary>A direct reclaim begins, or begins again.</summary>
    internal void NoteStall(Gfp gfp)
    {
        StallsMovable += (gfp & Gfp.Movable) != 0 ? 1 : 0;
        StallsNormal += (gfp & Gfp.Movable) != 0 ? 0 : 1;
    }

    /// <summary>§9.2 step 8: a last look with the high watermark, which only memory that came back can pass; then the OOM killer.</summary>
    [Kernel("__alloc_pages_may_oom", "mm/page_alloc.c")]
    private int AllocateOrKill(in AllocRequest request, out bool progress)
    {
        progress = true;
        int frame = Take(request, Watermark.High, hardwall: true);
        if (frame >= 0)
        {
            return frame;
        }
        progress = (request.Gfp & Gfp.RetryMayFail) == 0 && _machine.Oom.GlobalOutOfMemory(request);
        return -1;
    }

    /// <summary>§9.2 step 9.</summary>
    private static bool IsExhaustedVictim(TaskStruct? task) => task is { IsOomVictim: true };
}
