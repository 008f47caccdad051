using Ullage.Abi;
using Ullage.Model.Kernfs;

namespace Ullage.Model;

/// <summary>System calls on files that are held open.</summary>
public sealed partial class Machine
{
    internal Descriptors Descriptors { get; } = new();

    /// <summary>open(2). The file stays open until it is closed; of a removed cgroup it answers ENODEV.</summary>
    public (Errno Errno, OpenFile? File) Open(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        Spend(Costs.SyscallNs);
        return ((ModelFiles)Files).Open(path);
    }

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
