using System.Globalization;
using System.Text;

namespace Ullage.Model.AddressSpace.Malloc;

/// <summary>What mallinfo2(3) tells. Bytes, unless it counts chunks.</summary>
public sealed record MallInfo
{
    /// <summary>Bytes that arenas have from the kernel, mappings of their own left out.</summary>
    public long Arena { get; init; }
    /// <summary>Free chunks, those in fastbins left out.</summary>
    public long Ordblks { get; init; }
    /// <summary>Free chunks in fastbins.</summary>
    public long Smblks { get; init; }
    /// <summary>Chunks with a mapping of their own.</summary>
    public long Hblks { get; init; }
    /// <summary>Their bytes.</summary>
    public long Hblkhd { get; init; }
    /// <summary>Free bytes in fastbins.</summary>
    public long Fsmblks { get; init; }
    /// <summary>Bytes in use; what threads keep in caches counts as in use.</summary>
    public long Uordblks { get; init; }
    /// <summary>Free bytes.</summary>
    public long Fordblks { get; init; }
    /// <summary>Bytes of the main arena's top, the most that could be trimmed.</summary>
    public long Keepcost { get; init; }
}

/// <summary>Statistics, and a check of everything.</summary>
public sealed partial class GlibcMalloc
{
    /// <summary>mallinfo2(3): the sum over all arenas.</summary>
    public MallInfo Info()
    {
        MallInfo sum = new() { Hblks = _state.Mmaps, Hblkhd = _state.MmappedBytes };
        foreach (Arena arena in _arenas)
        {
            MallInfo one = InfoOf(arena);
            sum = sum with
            {
                Arena = sum.Arena + one.Arena, Ordblks = sum.Ordblks + one.Ordblks, Smblks = sum.Smblks + one.Smblks,
                Fsmblks = sum.Fsmblks + one.Fsmblks, Uordblks = sum.Uordblks + one.Uordblks, Fordblks = sum.Fordblks + one.Fordblks,
                Keepcost = sum.Keepcost + one.Keepcost,
            };
        }
        return sum;
    }

    private MallInfo InfoOf(Arena arena)
    {
        (long fastChunks, long fastBytes) = (0, 0);
        foreach (int newest in arena.Fast)
        {
            for (int chunk = newest; chunk >= 0; chunk = _chunks[chunk].Back)
            {
                fastChunks++;
                fastBytes += _chunks[chunk].Size;
            }
        }
        (long chunks, long bytes) = arena.Bins.Total;
        long top = arena.Top >= 0 ? _chunks[arena.Top].Size : 0;
        long free = top + bytes + fastBytes;
        return new MallInfo
        {
            Arena = arena.SystemBytes, Ordblks = chunks + 1, Smblks = fastChunks, Fsmblks = fastBytes, Fordblks = free,
            Uordblks = arena.SystemBytes - free, Keepcost = arena.IsMain ? top : 0,
        };
    }

    /// <summary>What malloc_stats(3) prints.</summary>
    public string Stats()
    {
        StringBuilder text = new();
        (long system, long used) = (_state.MmappedBytes, _state.MmappedBytes);
        foreach (Arena arena in _arenas)
        {
            MallInfo info = InfoOf(arena);
            text.Append(CultureInfo.InvariantCulture, $"Arena {arena.Number}:\n");
            AppendBytes(text, info.Arena, info.Uordblks);
            system += info.Arena;
            used += info.Uordblks;
        }
        text.Append("Total (incl. mmap):\n");
        AppendBytes(text, system, used);
        return text.Append(CultureInfo.InvariantCulture, $"max mmap regions = {_state.MostMmaps,10}\nmax mmap bytes   = {_state.MostMmappedBytes,10}\n").ToString();
    }

    private static void AppendBytes(StringBuilder text, long system, long used) =>
        text.Append(CultureInfo.InvariantCulture, $"system bytes     = {system,10}\nin use bytes     = {used,10}\n");
}
