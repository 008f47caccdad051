using Ullage.Abi;
using Ullage.Model.Pages;

namespace Ullage.Model.Swap;

/// <summary>
/// Pages on their way to the swap device, in the order in which their writes end. Reclaim collects them, so that neighbours become one request,
/// and hands them over at the end of its look at a cgroup.
/// </summary>
[Kernel("struct blk_plug", "include/linux/blkdev.h")]
internal sealed class SwapWrites
{
    private const int MostRequests = 32; // BLK_MAX_REQUEST_COUNT
    private const int LargeRequest = 32; // BLK_PLUG_FLUSH_SIZE in pages
    private const int MostSegments = 254; // of one request: virtio's queue less two

    private readonly Machine _machine;
    private readonly Action _complete;
    private (long DoneNs, int Frame)[] _ring = new (long, int)[64];
    private int _first;
    private int _count;
    private int _collected; // of these, the last ones, which the device does not know yet
    private int _requests;
    private int _requestPages; // of the last one
    private int _lastSlot = -1;
    private long _armedNs = long.MaxValue;

    public SwapWrites(Machine machine)
    {
        _machine = machine;
        _complete = Complete;
    }

    /// <summary>Pages that are being written.</summary>
    public int Count => _count;

    /// <summary>Collects a page to be written to a slot.</summary>
    public void Add(int frame, int slot)
    {
        if (slot != _lastSlot + 1 || _requestPages == MostSegments)
        {
            BeginRequest();
        }
        _requestPages++;
        _lastSlot = slot;
        if (_count == _ring.Length)
        {
            Grow();
        }
        _ring[(_first + _count++) & (_ring.Length - 1)] = (long.MaxValue, frame);
        _collected++;
    }

    [Kernel("blk_add_rq_to_plug", "block/blk-mq.c")]
    private void BeginRequest()
    {
        if (_requests >= MostRequests || _requestPages >= LargeRequest)
        {
            Submit();
        }
        _requests++;
        _requestPages = 0;
    }

    private void Grow()
    {
        (long, int)[] larger = new (long, int)[2 * _count];
        for (int i = 0; i < _count; i++)
        {
            larger[i] = _ring[(_first + i) & (_ring.Length - 1)];
        }
        (_ring, _first) = (larger, 0);
    }

    /// <summary>The device begins with what was collected.</summary>
    [Kernel("blk_finish_plug", "block/blk-core.c")]
    public void Submit()
    {
        if (_collected == 0)
        {
            return;
        }
        long done = _machine.Disk.WriteDoneAt(_collected);
        for (int i = _count - _collected; i < _count; i++)
        {
            _ring[(_first + i) & (_ring.Length - 1)].DoneNs = done;
        }
        (_collected, _requests, _requestPages, _lastSlot) = (0, 0, 0, -1);
        if (_armedNs == long.MaxValue)
        {
            Arm();
        }
    }

    private void Arm()
    {
        _armedNs = _ring[_first].DoneNs;
        _machine.Work.Add(_armedNs, _complete);
    }

    /// <summary>When a page's write ends; -1 = it is not being written.</summary>
    public long DoneNsOf(int frame)
    {
        for (int i = 0; i < _count; i++)
        {
            (long done, int each) = _ring[(_first + i) & (_ring.Length - 1)];
            if (each == frame)
            {
                return done;
            }
        }
        return -1;
    }

    /// <summary>The device interrupts whatever runs: writes whose time has come are over.</summary>
    [Kernel("end_swap_bio_write", "mm/page_io.c")]
    public void Interrupt()
    {
        if (_count > 0 && _ring[_first].DoneNs <= _machine.TimeNs)
        {
            EndUntil(_machine.TimeNs);
        }
    }

    private void Complete()
    {
        EndUntil(Math.Max(_armedNs, _machine.TimeNs));
        _armedNs = long.MaxValue;
        if (_count > _collected)
        {
            Arm();
        }
    }

    private void EndUntil(long ns)
    {
        while (_count > _collected && _ring[_first].DoneNs <= ns)
        {
            int frame = _ring[_first].Frame;
            _first = (_first + 1) & (_ring.Length - 1);
            _count--;
            End(frame);
        }
    }

    [Kernel("folio_end_writeback", "mm/filemap.c")]
    private void End(int frame)
    {
        ref PageFlags flags = ref _machine.Frames.Flags(frame);
        bool rotates = (flags & PageFlags.Reclaim) != 0;
        flags &= ~(PageFlags.Writeback | PageFlags.Reclaim);
        _machine.Vm.Add(VmItem.Writeback, -1);
        _machine.Vm.Add(VmItem.Written, 1);
        if (rotates)
        {
            _machine.Lru.RotateReclaimable(frame);
        }
    }
}
