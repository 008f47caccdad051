using Ullage.Abi;
using Ullage.Abi.Units;
using Ullage.Model.Tracing;

namespace Ullage.Model.AddressSpace.Malloc;

/// <summary>
/// malloc in a process of the machine: its calls are the process's system calls. Pages that malloc writes to while it works are collected, because
/// a fault may have to wait: whoever runs the process faults them in before it goes on (<see cref="Written"/>).
/// </summary>
public sealed class TaskMallocCalls(Machine machine, TaskStruct task) : IMallocCalls
{
    private readonly Queue<long> _written = new();
    private long _lastPage = -1;

    /// <summary>Addresses, one for each page, that malloc has written to and that were not touched since. Take one when its fault is done.</summary>
    public Queue<long> Written => _written;

    /// <inheritdoc/>
    public void At(MallocPlace place, bool isEntered)
    {
        machine.Path.Place = place;
        if (isEntered && machine.Probes.Any && place is MallocPlace.IntMalloc or MallocPlace.Sysmalloc)
        {
            machine.Probes.Hit(place == MallocPlace.IntMalloc ? KernelFunction.IntMalloc : KernelFunction.Sysmalloc);
        }
    }

    /// <summary>The program calls one of malloc's functions, or, with none, is back.</summary>
    internal void Enter(MallocRoot root)
    {
        (machine.Path.Root, machine.Path.Place) = (root, MallocPlace.None);
        if (root is MallocRoot.Malloc or MallocRoot.Free && machine.Probes.Any)
        {
            machine.Probes.Hit(root == MallocRoot.Free ? KernelFunction.LibcFree : KernelFunction.LibcMalloc);
        }
    }

    /// <inheritdoc/>
    public bool OvercommitsNever => machine.Overcommit.Mode == Overcommit.Never;

    /// <inheritdoc/>
    public long Brk(long address)
    {
        long old = task.Mm?.Brk ?? 0;
        long now = machine.Brk(task, address);
        if (now < old)
        {
            Drop(now, old);
        }
        return now;
    }

    /// <inheritdoc/>
    public long Mmap(long bytes) => Map(bytes, VmaFlags.Read | VmaFlags.Write, 0);

    /// <inheritdoc/>
    public long MmapReserve(long hint, long bytes) => Map(bytes, VmaFlags.NoReserve, hint);

    private long Map(long bytes, VmaFlags flags, long hint)
    {
        (Errno errno, long address) = machine.Mmap(task, bytes, flags, hint);
        return errno == Errno.None ? address : -1;
    }

    /// <inheritdoc/>
    public bool MmapOver(long address, long bytes)
    {
        Drop(address, address + bytes);
        return machine.Mmap(task, bytes, VmaFlags.NoReserve, address, MapPlacement.Fixed).Errno == Errno.None;
    }

    /// <inheritdoc/>
    public void Munmap(long address, long bytes)
    {
        Drop(address, address + bytes);
        _ = machine.Munmap(task, address, bytes);
    }

    /// <inheritdoc/>
    public long Mremap(long address, long oldBytes, long newBytes)
    {
        (Errno errno, long moved) = machine.Mremap(task, address, oldBytes, newBytes, mayMove: true);
        if (errno == Errno.None && (moved != address || newBytes < oldBytes))
        {
            Drop(address, address + oldBytes); // what was to be written there was written before the pages moved
        }
        return errno == Errno.None ? moved : -1;
    }

    /// <inheritdoc/>
    public bool Mprotect(long address, long bytes) => machine.Mprotect(task, address, bytes, VmaFlags.Read | VmaFlags.Write) == Errno.None;

    /// <inheritdoc/>
    public void MadviseDontNeed(long address, long bytes)
    {
        Drop(address, address + bytes);
        _ = machine.Madvise(task, address, bytes, Advice.DontNeed);
    }

    /// <inheritdoc/>
    public void Write(long address)
    {
        long page = address >> KernelConstants.PageShift;
        if (page != _lastPage)
        {
            _written.Enqueue(address);
            _lastPage = page;
        }
    }

    /// <summary>Pages are not what they were: after a fork each is to be copied.</summary>
    internal void ForgetLastPage() => _lastPage = -1;

    /// <summary>What was given back need not be there.</summary>
    private void Drop(long start, long end)
    {
        _lastPage = -1;
        for (int left = _written.Count; left > 0; left--)
        {
            long address = _written.Dequeue();
            if (address < start || address >= end)
            {
                _written.Enqueue(address);
            }
        }
    }
}
