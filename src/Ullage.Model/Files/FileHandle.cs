using Ullage.Abi;

namespace Ullage.Model.Files;

/// <summary>How a file will be read (posix_fadvise(2)).</summary>
public enum FileAdvice
{
    /// <summary>POSIX_FADV_NORMAL: the disk's readahead window.</summary>
    Normal,
    /// <summary>POSIX_FADV_RANDOM: only what is asked for.</summary>
    Random,
    /// <summary>POSIX_FADV_SEQUENTIAL: twice the window.</summary>
    Sequential,
}

/// <summary>An open file with data, and what readahead remembers about it. Made by <see cref="Machine.OpenData"/>; close it when done.</summary>
[Kernel("struct file", "include/linux/fs.h")]
public sealed class FileHandle
{
    internal FileHandle(AddressSpaceMap map, int readaheadPages)
    {
        Map = map;
        RaPages = readaheadPages;
    }

    internal AddressSpaceMap Map { get; }

    /// <summary>The file's length in bytes.</summary>
    public long Bytes => Map.Bytes;

    /// <summary>FMODE_RANDOM.</summary>
    internal bool IsRandom { get; set; }

    /// <summary>The largest window (ra_pages).</summary>
    internal int RaPages { get; set; }

    /// <summary>First page of the current window.</summary>
    internal long Start { get; set; }

    /// <summary>Pages of the current window.</summary>
    internal int Size { get; set; }

    /// <summary>When so many pages of the window are left, the next one is read.</summary>
    internal int AsyncSize { get; set; }

    /// <summary>The order of the folios of the last window (6.16+; 0 before).</summary>
    internal int FolioOrder { get; set; }

    /// <summary>Faults that found no page, less those that did.</summary>
    internal int MmapMiss { get; set; }

    /// <summary>Where the last read ended: its last page's start up to 5.11, the byte after it later; -1 = nothing was read.</summary>
    internal long PreviousPosition { get; set; } = -1;

    internal bool IsClosed { get; set; }

    /// <inheritdoc/>
    public override string ToString() => Map.Name;
}
