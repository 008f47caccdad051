using Ullage.Abi;

namespace Ullage.Model.Pages;

/// <summary>
/// Where RAM lies on a PC: 16 MiB of DMA, up to 3 GiB of DMA32, the rest above 4 GiB in Normal. Nodes follow each other in it with equal shares, so
/// that the first one has the low zones.
/// </summary>
[Kernel("free_area_init", "mm/mm_init.c", Deviation = "What the kernel keeps at boot lies in the larger zones, by their size.")]
internal static class ZoneLayout
{
    private const int DmaEnd = 4096; // 16 MiB
    private const int DmaPresent = 3998; // frame 0 and the BIOS area are no RAM
    private const int LowEnd = 3 << 18; // 3 GiB: devices have the rest below 4 GiB
    private const int NormalStart = 1 << 20; // 4 GiB
    private const long NodeAlign = 512; // pages

    /// <summary>A stretch of RAM that becomes a zone.</summary>
    private readonly record struct Stretch(int Type, int Node, long StartPfn, long Pages);

    /// <summary>The zones that have pages, lowest first.</summary>
    /// <param name="total">Frames of RAM.</param>
    /// <param name="managed">Frames that the allocator gets.</param>
    /// <param name="dmaManaged">Of these, at most so many in the DMA zone.</param>
    /// <param name="nodes">NUMA nodes.</param>
    public static Zone[] Of(long total, int managed, int dmaManaged, int nodes = 1)
    {
        int dma = Math.Min(dmaManaged, managed);
        List<Zone> zones = [new Zone(0, 0, 1, DmaEnd - 1, DmaPresent, 0, dma)];
        List<Stretch> stretches = Stretches(total, nodes);
        long pages = 0;
        foreach (Stretch stretch in stretches)
        {
            pages += stretch.Pages;
        }
        // From the highest down, so that rounding falls to the lowest: what each gets is its share of what the higher ones left.
        int left = managed - dma;
        int end = managed;
        for (int i = stretches.Count - 1; i >= 0; i--)
        {
            Stretch stretch = stretches[i];
            int share = i == 0 ? left : (int)((Int128)left * stretch.Pages / pages);
            pages -= stretch.Pages;
            left -= share;
            end -= share;
            if (share > 0)
            {
                zones.Insert(1, new Zone(stretch.Type, stretch.Node, stretch.StartPfn, stretch.Pages, stretch.Pages, end, share));
            }
        }
        return [.. zones];
    }

    /// <summary>RAM above the DMA zone, cut where zones and nodes end.</summary>
    private static List<Stretch> Stretches(long total, int nodes)
    {
        List<Stretch> stretches = [];
        long share = total / nodes / NodeAlign * NodeAlign;
        for (int node = 0; node < nodes; node++)
        {
            long from = Math.Max(DmaEnd, node * share);
            long to = node == nodes - 1 ? total : (node + 1) * share;
            Add(stretches, new Stretch(1, node, from, Math.Min(to, LowEnd) - from));
            long high = Math.Max(from, LowEnd);
            Add(stretches, new Stretch(2, node, NormalStart + high - LowEnd, to - high));
        }
        return stretches;
    }

    private static void Add(List<Stretch> stretches, Stretch stretch)
    {
        if (stretch.Pages > 0)
        {
            stretches.Add(stretch);
        }
    }
}
