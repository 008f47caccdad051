using Ullage.Abi;
using Ullage.Model.Pages;

namespace Ullage.Model.Swap;

/// <summary>Pages on their way to the swap device, in the order in which their writes end.</summary>
[Kernel("end_swap_bio_write", "mm/page_io.c")]
internal sealed class SwapWrites
{
    private readonly Machine _machine;
    private readonly Action _complete;
    private (long DoneNs, int Frame)[] _ring = new (long, int)[64];
    private int _first;
    private int _count;
    private long _armedNs;

    public SwapWrites(Machine machine)
    {
        _machine = machine;
        _complete = Complete;
    }

    /// <summary>Pages that are being written.</summary>
    public int Count => _count;

    /// <summary>Begins a page's write.</summary>
    public void Add(int frame)
    {
        long done = _machine.TimeNs + 100_000;
        if (_count == _ring.Length)
        {
            Grow();
        }
        _ring[(_first + _count++) & (_ring.Length - 1)] = (done, frame);
        if (_count == 1)
        {
            Arm();
        }
    }

    private void Arm()
    {
        _armedNs = _ring[_first].DoneNs;
        _machine.Work.Add(_armedNs, _complete);
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

    private void Complete()
    {
        while (_count > 0 && _ring[_first].DoneNs <= _armedNs)
        {
            int frame = _ring[_first].Frame;
            _first = (_first + 1) & (_ring.Length - 1);
            _count--;
            End(frame);
        }
        if (_count > 0)
        {
            Arm();
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
