using System.Globalization;
using Ullage.Abi;
using Ullage.Abi.Files;
using Ullage.Observe.Sampling;

namespace Ullage.Observe.Dying;

/// <summary>
/// Removed cgroups that are still in memory, as far as a kernel reveals them: how many, what they hold, and of which kind. Works on a host, a
/// snapshot, a recording and the model, since it only reads files. v1 shows them as a difference: /proc/cgroups counts them, directories are only
/// the living; each memory.stat has the subtree's total beside the group's own. v2 counts them in cgroup.stat; what they hold is what a
/// group has beyond its children, where it has no tasks itself.
/// </summary>
public sealed record DyingLedger
{
    /// <summary>How many.</summary>
    public required Measured Dying { get; init; }
    /// <summary>Memory cgroups that have a directory.</summary>
    public required long Living { get; init; }
    /// <summary>Anonymous memory that they hold, in bytes.</summary>
    public required Measured AnonBytes { get; init; }
    /// <summary>Page cache, shared memory included, in bytes.</summary>
    public required Measured FileBytes { get; init; }
    /// <summary>Shared memory and tmpfs, in bytes.</summary>
    public required Measured ShmemBytes { get; init; }
    /// <summary>Slab, in bytes. What was reparented counts, too: nobody can tell the two apart from outside.</summary>
    public required Measured SlabBytes { get; init; }
    /// <summary>Memory for each CPU of all cgroups and others, in bytes: most of what a cgroup itself costs.</summary>
    public required Measured PercpuBytes { get; init; }

    /// <summary>What is known to be held, in bytes; null when no kind is known.</summary>
    public long? HeldBytes
    {
        get
        {
            long? sum = null;
            foreach (Measured kind in (ReadOnlySpan<Measured>)[AnonBytes, FileBytes, SlabBytes])
            {
                sum = kind.Value is { } value ? (sum ?? 0) + value : sum;
            }
            return sum;
        }
    }

    /// <summary>How many more there are each day, from two readings.</summary>
    /// <param name="earlier">The first reading.</param>
    /// <param name="elapsedSeconds">Time between the two; positive.</param>
    /// <returns>Null when either does not know how many there are.</returns>
    public double? GrowthPerDay(DyingLedger earlier, double elapsedSeconds)
    {
        ArgumentNullException.ThrowIfNull(earlier);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(elapsedSeconds);
        const double secondsPerDay = 86_400;
        return Dying.Value - earlier.Dying.Value is { } more ? more / elapsedSeconds * secondsPerDay : null;
    }

    /// <summary>Reads the ledger of the hierarchy with the memory controller.</summary>
    /// <param name="files">Whose.</param>
    /// <param name="version">1 or 2.</param>
    /// <param name="mount">Where that hierarchy is mounted, such as <c>/sys/fs/cgroup/memory</c>.</param>
    public static DyingLedger Read(IKernelFiles files, int version, string mount)
    {
        ArgumentNullException.ThrowIfNull(files);
        ArgumentNullException.ThrowIfNull(mount);
        return new LedgerReader(files, version, mount).Read();
    }

    /// <summary>In one line, for people.</summary>
    public string Describe()
    {
        if (Dying.Value is not { } dying)
        {
            return "dying cgroups: unavailable: " + Dying.Why;
        }
        string held = HeldBytes is { } bytes ? string.Create(CultureInfo.InvariantCulture, $", holding {bytes} bytes") : "";
        return string.Create(CultureInfo.InvariantCulture, $"dying cgroups: {dying} beside {Living} living ones{held}");
    }
}
