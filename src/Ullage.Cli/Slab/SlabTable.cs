using Ullage.Abi;
using Ullage.Abi.Files;
using Ullage.Abi.Text;
using Ullage.Abi.Units;

namespace Ullage.Cli.Slab;

/// <summary>One cache at one moment.</summary>
/// <param name="Row">As slabinfo has it.</param>
/// <param name="ChangeBytes">How much its memory grew since the reading before; null at the first, or for a new cache.</param>
internal sealed record SlabRow(SlabInfoRow Row, long? ChangeBytes)
{
    public long SizeBytes => SlabTable.SizeOf(Row);
}

/// <summary>The caches of the machine or a cgroup at one moment.</summary>
/// <param name="Path">The file.</param>
/// <param name="Rows">The caches; empty when they are unavailable.</param>
/// <param name="Why">Why there are none; empty when there are.</param>
internal sealed record SlabTable(string Path, IReadOnlyList<SlabRow> Rows, string Why)
{
    public long TotalBytes => Rows.Sum(row => row.SizeBytes);

    public static long SizeOf(SlabInfoRow row) => row.NumSlabs * row.PagesPerSlab * KernelConstants.PageSize;

    /// <summary>Reads and compares with the reading before.</summary>
    public static SlabTable Read(IKernelFiles files, string path, SlabTable? before, string sort)
    {
        KernelRead read = files.Read(path);
        if (!read.Ok)
        {
            return new SlabTable(path, [], Reason(path, read.Errno));
        }
        if (!SlabInfo.TryParse(read.Text, out SlabInfo? info, out ParseProblem problem))
        {
            return new SlabTable(path, [], $"{path}: {problem}: this is not what a kernel writes; is the snapshot whole?");
        }
        if (!info.HasHeader)
        {
            return new SlabTable(path, [], $"{path} is empty: since 5.9 kernels no longer tell caches by cgroup, and before they do so only with a limit of kernel memory");
        }
        Dictionary<string, long> sizes = new(StringComparer.Ordinal);
        foreach (SlabRow row in before?.Rows ?? [])
        {
            sizes[row.Row.Name] = row.SizeBytes;
        }
        IEnumerable<SlabRow> rows = info.Rows.Select(row => new SlabRow(row, sizes.TryGetValue(row.Name, out long then) ? SizeOf(row) - then : null));
        return new SlabTable(path, [.. Sorted(rows, sort)], "");
    }

    private static IOrderedEnumerable<SlabRow> Sorted(IEnumerable<SlabRow> rows, string sort) => (sort switch
    {
        "change" => rows.OrderByDescending(row => Math.Abs(row.ChangeBytes ?? 0)).ThenByDescending(row => row.SizeBytes),
        "objects" => rows.OrderByDescending(row => row.Row.NumObjs),
        "name" => rows.OrderBy(row => row.Row.Name, StringComparer.Ordinal),
        _ => rows.OrderByDescending(row => row.SizeBytes),
    }).ThenBy(row => row.Row.Name, StringComparer.Ordinal);

    private static string Reason(string path, Errno errno) => errno switch
    {
        Errno.EACCES or Errno.EPERM => $"{path}: {errno}: run as root",
        Errno.ENOENT when path == "/proc/slabinfo" => $"{path}: ENOENT: this kernel was built without it (CONFIG_SLUB_DEBUG)",
        Errno.ENOENT => $"{path}: ENOENT: only cgroup v1 has it, on kernels that account slab by cgroup",
        Errno.EIO => $"{path}: EIO: the cgroup has no kernel memory accounting; give it a memory.kmem.limit_in_bytes before its first process",
        _ => $"{path}: {errno}",
    };
}
