using Ullage.Abi;

namespace Ullage.Model.Kernfs;

/// <summary>An eventfd: a number that the kernel raises to tell of an event (v1 cgroup.event_control).</summary>
[Kernel("struct eventfd_ctx", "fs/eventfd.c")]
public sealed class EventFd
{
    internal EventFd(int descriptor) => Descriptor = descriptor;

    /// <summary>Its number in the machine's table of descriptors.</summary>
    public int Descriptor { get; }

    /// <summary>Signals since it was made or read.</summary>
    public long Count { get; private set; }

    [Kernel("eventfd_signal", "fs/eventfd.c")]
    internal void Signal() => Count++;

    /// <summary>Answers the count and sets it to zero, as read(2) does.</summary>
    public long Read()
    {
        long count = Count;
        Count = 0;
        return count;
    }
}

/// <summary>Open files and eventfds by number. The machine has one table, not one per process.</summary>
[Kernel("struct files_struct", "include/linux/fdtable.h", Deviation = "One table of descriptors for the machine: cgroup.event_control finds every process's.")]
internal sealed class Descriptors
{
    private const int First = 3;

    private readonly SortedDictionary<int, object> _open = [];
    private int _next = First;

    public int Next() => _next++;

    public void Add(int descriptor, object file) => _open[descriptor] = file;

    public void Close(int descriptor) => _open.Remove(descriptor);

    /// <summary>What a number stands for; null = nothing.</summary>
    public object? Find(int descriptor) => _open.GetValueOrDefault(descriptor);
}
