using System.Globalization;
using Ullage.Abi;
using Ullage.Abi.Units;
using Ullage.Model.Cgroups;
using Ullage.Model.Charging;

namespace Ullage.Model.Kernfs;

/// <summary>One control file of cgroups: what it shows and what writing to it does. Null = the kernel answers EINVAL (measured: root passes the mode bits, then there is no handler).</summary>
[Kernel("struct cftype", "include/linux/cgroup-defs.h")]
internal sealed record ControlFile(string Name, Func<Cgroup, string>? Show = null, Func<Cgroup, string, Errno>? Write = null)
{
    /// <summary>Everybody may write (mode 0222): cgroup.event_control.</summary>
    public bool WorldWritable { get; init; }

    /// <summary>Belongs to whom the cgroup was handed to: delegation (§10.2).</summary>
    public bool IsDelegated => Name is "cgroup.procs" or "cgroup.threads" or "cgroup.subtree_control" or "tasks" or "memory.oom.group" or "memory.reclaim";

    /// <summary>Cgroups where reading answers an errno; null = nowhere.</summary>
    public Func<Cgroup, Errno>? ReadErrnoOf { get; init; }

    /// <summary>What it shows to a descriptor that remembers something; null = the same as to all.</summary>
    public Func<Cgroup, OpenFile, string>? ShowHeld { get; init; }

    /// <summary>What a write does for the descriptor it is made through; null = the same for all.</summary>
    public Func<Cgroup, OpenFile, Errno>? WriteHeld { get; init; }

    /// <summary>What a write does through a descriptor with O_NONBLOCK; null = the same as without.</summary>
    public Func<Cgroup, string, Errno>? WriteNonBlocking { get; init; }

    /// <summary>Its change notifications; null = it gives none.</summary>
    public Func<Cgroup, FileChanges>? ChangesOf { get; init; }

    /// <summary>A file of the memory controller: it goes with the controller.</summary>
    public bool NeedsMemcg { get; init; }

    /// <summary>What reading answers instead of text; none = it shows text.</summary>
    public Errno ReadErrno { get; init; }

    /// <summary>A file that shows text of the memory controller.</summary>
    public static ControlFile Memory(string name, Func<MemCgroup, string>? show, Func<MemCgroup, string, Errno>? write = null) => new(name,
        show is null ? null : cgroup => show(cgroup.OwnMemcg!),
        write is null ? null : (cgroup, text) => write(cgroup.OwnMemcg!, text))
    {
        NeedsMemcg = true,
    };

    /// <summary>A file of one number that is only shown.</summary>
    public static ControlFile Number(string name, Func<MemCgroup, long> value) => Memory(name, memcg => Line(value(memcg)));

    /// <summary>A number as the only line.</summary>
    public static string Line(long value) => value.ToString(CultureInfo.InvariantCulture) + "\n";

    /// <summary>Pages as bytes, or <c>max</c>, as v2 shows limits.</summary>
    public static string LimitLine(long pages) => pages >= KernelConstants.PageCounterMax ? "max\n" : Line(pages * KernelConstants.PageSize);

    /// <summary>Pages as bytes.</summary>
    public static string BytesLine(long pages) => Line(pages * KernelConstants.PageSize);
}
