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
    private readonly Files.WritebackThrottle _throttle;
    private readonly Action _complete;
    private (long DoneNs, int Frame)[] _ring = new (long, int)[64];
    private int _first;
    private int _count;
    private int _collected; // of these, the last ones, which the device does not know yet
    private readonly int[] _requestPages = new int[MostRequests + 1];
    private int _requests; // of the pages that are collected
    private int _lastSlot = -1;
    private long _armedNs = long.MaxValue;

    public SwapWrites(Machine machine)
    {
        _machine = machine;
        _throttle = new Files.WritebackThrottle(machine.Era.Swap.Writes);
        _complete = Complete;
    }

    /// <summary>Pages that are being written.</summary>
    public int Count => _count;

    /// <summary>Collects a page to be written to a slot.</summary>
    public void Add(int frame, int slot)
    {
        if (slot != _lastSlot + 1 || _requestPages[_requests - 1] == MostSegments)
        {
            BeginRequest();
        }
        _requestPages[_requests - 1]++;
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
        if (_requests >= MostRequests || (_requests > 0 && _requestPages[_requests - 1] >= LargeRequest))
        {
            Submit();
        }
        _requestPages[_requests++] = 0;
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
        _lastSlot = -1; // nothing joins what is handed over
        while (_requests > 0)
        {
            WaitForDevice();
            if (_requests > 0) // whoever ran meanwhile may have handed them over
            {
                SubmitFirst();
            }
        }
    }

    /// <summary>A task sleeps while the device has enough to do.</summary>
    [Kernel("rq_qos_throttle", "block/blk-rq-qos.h", Deviation = "kswapd never waits: its share is its own, and larger.")]
    private void WaitForDevice()
    {
        long waitNs = _throttle.WaitUntilNs(_machine.TimeNs) - _machine.TimeNs;
        if (waitNs > 0 && _machine.Current is not null && !Array.Exists(_machine.Kswapds, static kswapd => kswapd.IsCurrent))
        {
            _machine.IoSchedule(waitNs);
        }
    }

    [Kernel("submit_bio_noacct", "block/blk-core.c")]
    private void SubmitFirst()
    {
        int pages = _requestPages[0];
        _requestPages.AsSpan(1, --_requests).CopyTo(_requestPages);
        long done = _machine.Disk.WriteDoneAt(pages);
        _throttle.Add(done);
        int at = _first + _count - _collected;
        for (int i = at; i < at + pages; i++)
        {
            _ring[i & (_ring.Length - 1)].DoneNs = done;
        }
        _collected -= pages;
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
