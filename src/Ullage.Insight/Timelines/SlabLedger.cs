using Ullage.Abi;
using Ullage.Abi.Files;
using Ullage.Abi.Units;

namespace Ullage.Insight.Timelines;

/// <summary>One slab cache over the time that was watched. Sizes are bytes of whole slabs.</summary>
/// <param name="Name">The cache's name.</param>
/// <param name="ActiveObjects">Objects in use at the end.</param>
/// <param name="Objects">Objects there is room for, at the end.</param>
/// <param name="ObjectBytes">Size of one object.</param>
/// <param name="FirstBytes">Memory at the first reading.</param>
/// <param name="LastBytes">Memory at the last reading.</param>
/// <param name="PeakBytes">The most that was read.</param>
public sealed record SlabLine(string Name, long ActiveObjects, long Objects, long ObjectBytes, long FirstBytes, long LastBytes, long PeakBytes);

/// <summary>Follows a slabinfo file.</summary>
/// <param name="path">The file.</param>
public sealed class SlabLedger(string path)
{
    private readonly Dictionary<string, SlabLine> _lines = new(StringComparer.Ordinal);
    private ReadOnlyMemory<byte> _bytes;

    /// <summary>The file.</summary>
    public string Path => path;

    /// <summary>Why there is nothing to show; null when there is.</summary>
    public string? Why { get; private set; } = path + " was not read";

    /// <summary>The caches that had memory, the largest first.</summary>
    public IReadOnlyList<SlabLine> Lines => [.. _lines.Values.Where(line => line.PeakBytes > 0).OrderByDescending(line => line.PeakBytes).ThenBy(line => line.Name, StringComparer.Ordinal)];

    internal void Sample(IKernelFiles files)
    {
        KernelRead read = files.Read(path);
        if (!read.Ok)
        {
            Why = _lines.Count > 0 ? null : $"{path}: {ErrnoNames.Describe(read.Errno)}";
            return;
        }
        if (read.Bytes.Equals(_bytes))
        {
            return;
        }
        _bytes = read.Bytes;
        if (!SlabInfo.TryParse(read.Text, out SlabInfo? info, out Abi.Text.ParseProblem problem))
        {
            Why = $"{path}: not in the kernel's shape, {problem}";
            return;
        }
        Why = null;
        foreach (SlabInfoRow row in info.Rows)
        {
            Add(row);
        }
    }

    private void Add(SlabInfoRow row)
    {
        long bytes = (long)row.NumSlabs * (long)row.PagesPerSlab * KernelConstants.PageSize;
        SlabLine before = _lines.TryGetValue(row.Name, out SlabLine? known) ? known : new SlabLine(row.Name, 0, 0, 0, bytes, bytes, bytes);
        _lines[row.Name] = before with
        {
            ActiveObjects = (long)row.ActiveObjs,
            Objects = (long)row.NumObjs,
            ObjectBytes = (long)row.ObjSize,
            LastBytes = bytes,
            PeakBytes = Math.Max(before.PeakBytes, bytes),
        };
    }
}
