using Ullage.Abi.Units;

namespace Ullage.Model.AddressSpace.Malloc;

/// <summary>
/// A process that consists of malloc: an address space with a heap, mappings from the top down and limits, which writes down every system call.
/// Shows what malloc does without a machine around it, as strace(1) would.
/// </summary>
public sealed class RecordingMallocCalls : IMallocCalls
{
    private const long MmapBase = 0x7f00_0000_0000 - 0x12_3000; // not aligned to a heap, as usual

    private readonly List<MallocCall> _calls = [];
    private readonly List<(long Start, long End, bool Writable)> _mappings = []; // by address
    private long _break;

    /// <summary>Where the heap begins, in bytes.</summary>
    public long StartBreak { get; init; } = 0x5555_5555_9000;

    /// <summary>RLIMIT_AS in bytes.</summary>
    public long LimitAs { get; init; } = long.MaxValue;

    /// <summary>RLIMIT_DATA in bytes.</summary>
    public long LimitData { get; init; } = long.MaxValue;

    /// <summary>Bytes that the rest of the process maps (VmSize), besides what malloc has.</summary>
    public long OtherBytes { get; init; }

    /// <summary>Of these, bytes that count for RLIMIT_DATA.</summary>
    public long OtherDataBytes { get; init; }

    /// <summary>The heap cannot go beyond this address: something else is mapped there. It may be put there at any time.</summary>
    public long Blocker { get; set; } = long.MaxValue;

    /// <inheritdoc/>
    public bool OvercommitsNever { get; set; }

    /// <summary>What was called.</summary>
    public IReadOnlyList<MallocCall> Calls => _calls;

    /// <summary>How often malloc wrote its bookkeeping.</summary>
    public long Writes { get; private set; }

    /// <summary>The break now.</summary>
    public long Break => _break == 0 ? StartBreak : _break;

    /// <summary>Bytes mapped beside the heap.</summary>
    public long MappedBytes { get; private set; }

    /// <summary>Forgets the calls, not what they did.</summary>
    public void Forget() => _calls.Clear();

    /// <summary>The process of a forked child: a copy that has called nothing yet.</summary>
    public RecordingMallocCalls Fork()
    {
        RecordingMallocCalls child = new()
        {
            StartBreak = StartBreak, LimitAs = LimitAs, LimitData = LimitData, OtherBytes = OtherBytes, OtherDataBytes = OtherDataBytes, Blocker = Blocker,
            OvercommitsNever = OvercommitsNever, MappedBytes = MappedBytes, WritableBytes = WritableBytes, _break = _break,
        };
        child._mappings.AddRange(_mappings);
        return child;
    }

    /// <inheritdoc/>
    public long Brk(long address)
    {
        long old = Break;
        bool fits = address >= StartBreak && address < Blocker && (address <= old || Fits(address - old, isData: true));
        _break = fits ? address : old;
        _calls.Add(new MallocCall(MallocCallKind.Brk, address, address == 0 ? 0 : _break - old, _break));
        return _break;
    }

    private bool Fits(long bytes, bool isData)
    {
        long heap = Break - StartBreak;
        return OtherBytes + heap + MappedBytes + bytes <= LimitAs && (!isData || OtherDataBytes + heap + WritableBytes + bytes <= LimitData);
    }

    private long WritableBytes { get; set; }

    /// <inheritdoc/>
    public long Mmap(long bytes) => Map(MallocCallKind.Mmap, 0, bytes, writable: true);

    /// <inheritdoc/>
    public long MmapReserve(long hint, long bytes) => Map(MallocCallKind.MmapReserve, hint, bytes, writable: false);

    private long Map(MallocCallKind kind, long hint, long bytes, bool writable)
    {
        long address = !Fits(bytes, writable) ? -1 : hint != 0 && IsFree(hint, hint + bytes) ? hint : FindGap(bytes);
        if (address >= 0)
        {
            Insert(address, address + bytes, writable);
        }
        _calls.Add(new MallocCall(kind, hint, bytes, address));
        return address;
    }

    private bool IsFree(long start, long end)
    {
        foreach ((long from, long to, _) in _mappings)
        {
            if (from < end && start < to)
            {
                return false;
            }
        }
        return end <= MmapBase;
    }

    private long FindGap(long bytes)
    {
        long top = MmapBase;
        for (int i = _mappings.Count - 1; i >= 0 && top - _mappings[i].End < bytes; i--)
        {
            top = _mappings[i].Start;
        }
        return top - bytes;
    }

    private void Insert(long start, long end, bool writable)
    {
        int at = _mappings.Count;
        while (at > 0 && _mappings[at - 1].Start > start)
        {
            at--;
        }
        _mappings.Insert(at, (start, end, writable));
        Count(end - start, writable);
    }

    private void Count(long bytes, bool writable)
    {
        MappedBytes += bytes;
        WritableBytes += writable ? bytes : 0;
    }

    /// <summary>Takes a range out of all mappings; answers whether all of it was mapped.</summary>
    private bool Remove(long start, long end)
    {
        long found = 0;
        for (int i = _mappings.Count - 1; i >= 0; i--)
        {
            (long from, long to, bool writable) = _mappings[i];
            (long low, long high) = (Math.Max(from, start), Math.Min(to, end));
            if (low >= high)
            {
                continue;
            }
            found += high - low;
            Count(low - high, writable);
            _mappings.RemoveAt(i);
            if (high < to)
            {
                _mappings.Insert(i, (high, to, writable));
            }
            if (from < low)
            {
                _mappings.Insert(i, (from, low, writable));
            }
        }
        return found == end - start;
    }

    /// <inheritdoc/>
    public bool MmapOver(long address, long bytes)
    {
        bool was = Remove(address, address + bytes);
        Insert(address, address + bytes, writable: false);
        _calls.Add(new MallocCall(MallocCallKind.MmapOver, address, bytes, address));
        return was;
    }

    /// <inheritdoc/>
    public long Mremap(long address, long oldBytes, long newBytes)
    {
        long more = newBytes - oldBytes;
        long moved = address;
        if (more > 0 && !Fits(more, isData: true))
        {
            moved = -1;
        }
        else if (more < 0)
        {
            Invariant.Holds(Remove(address + newBytes, address + oldBytes), "malloc shrinks what is mapped");
        }
        else
        {
            Invariant.Holds(Remove(address, address + oldBytes), "malloc moves what is mapped");
            moved = IsFree(address, address + newBytes) ? address : FindGap(newBytes);
            Insert(moved, moved + newBytes, writable: true);
        }
        _calls.Add(new MallocCall(MallocCallKind.Mremap, address, newBytes, moved));
        return moved;
    }

    /// <inheritdoc/>
    public void Munmap(long address, long bytes)
    {
        bool was = Remove(address, address + bytes);
        _calls.Add(new MallocCall(MallocCallKind.Munmap, address, bytes, 0));
        Invariant.Holds(was && (address & (KernelConstants.PageSize - 1)) == 0, "malloc unmaps whole pages that are mapped");
    }

    /// <inheritdoc/>
    public bool Mprotect(long address, long bytes)
    {
        bool fits = OtherDataBytes + Break - StartBreak + WritableBytes + bytes <= LimitData;
        if (fits)
        {
            Invariant.Holds(Remove(address, address + bytes), "malloc protects what is mapped");
            Insert(address, address + bytes, writable: true);
        }
        _calls.Add(new MallocCall(MallocCallKind.Mprotect, address, bytes, fits ? 0 : -1));
        return fits;
    }

    /// <inheritdoc/>
    public void MadviseDontNeed(long address, long bytes) => _calls.Add(new MallocCall(MallocCallKind.Madvise, address, bytes, 0));

    /// <inheritdoc/>
    public void Write(long address)
    {
        Writes++;
        if (address >= StartBreak && address < Break)
        {
            return;
        }
        foreach ((long from, long to, bool writable) in _mappings)
        {
            if (address >= from && address < to)
            {
                Invariant.Holds(writable, "malloc writes where it may");
                return;
            }
        }
        Invariant.Holds(false, "malloc writes to memory that it has");
    }
}
