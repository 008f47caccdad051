using Ullage.Abi;
using Ullage.Model.Kernfs;

namespace Ullage.Model;

/// <summary>System calls on files that are held open.</summary>
public sealed partial class Machine
{
    private Charging.SocketMemory? _sockets;

    internal Descriptors Descriptors { get; } = new();

    /// <summary>What the network charges for its buffers. Sockets are the machine's, like descriptors: whoever opened one closes it.</summary>
    public Charging.SocketMemory Sockets => _sockets ??= new Charging.SocketMemory(this);

    /// <summary>open(2). The file stays open until it is closed; of a removed cgroup it answers ENODEV.</summary>
    /// <param name="path">An absolute path.</param>
    /// <param name="nonBlocking">With O_NONBLOCK (<see cref="OpenFile.NonBlocking"/>).</param>
    public (Errno Errno, OpenFile? File) Open(string path, bool nonBlocking = false)
    {
        ArgumentNullException.ThrowIfNull(path);
        Spend(Costs.SyscallNs);
        return ((ModelFiles)Files).Open(path, nonBlocking);
    }

    /// <summary>Opens a file as the shell's <c>echo</c> does, writes once and closes it; with O_NONBLOCK or without. Answers what write(2) answered.</summary>
    public Errno Write(string path, string text, bool nonBlocking) => ((ModelFiles)Files).Write(path, text, nonBlocking);

    /// <summary>eventfd(2), to be named in cgroup.event_control.</summary>
    [Kernel("do_eventfd", "fs/eventfd.c")]
    public EventFd MakeEventFd()
    {
        Spend(Costs.SyscallNs);
        EventFd made = new(Descriptors.Next());
        Descriptors.Add(made.Descriptor, made);
        return made;
    }
}
