using Ullage.Abi;

namespace Ullage.Model.Pages;

/// <summary>Where RAM lies on a PC: 16 MiB of DMA, up to 3 GiB of DMA32, the rest above 4 GiB in Normal.</summary>
[Kernel("free_area_init", "mm/mm_init.c", Deviation = "One node holds all zones; what the kernel keeps at boot lies in the two larger zones, by their size.")]
internal static class ZoneLayout
{
    private const int DmaEnd = 4096; // 16 MiB
    private const int DmaPresent = 3998; // frame 0 and the BIOS area are no RAM
    private const int LowEnd = 3 << 18; // 3 GiB: devices have the rest below 4 GiB
    private const int NormalStart = 1 << 20; // 4 GiB

    /// <summary>The zones that have pages, lowest first.</summary>
    /// <param name="total">Frames of RAM.</param>
    /// <param name="managed">Frames that the allocator gets.</param>
    /// <param name="dmaManaged">Of these, at most so many in the DMA zone.</param>
    public static Zone[] Of(long total, int managed, int dmaManaged)
    {
        int dma = Math.Min(dmaManaged, managed);
        List<Zone> zones = [new Zone(0, 1, DmaEnd - 1, DmaPresent, 0, dma)];
        long lowPresent = Math.Min(total, LowEnd) - DmaEnd;
        long normalPresent = total - DmaEnd - lowPresent;
        int left = managed - dma;
        int normal = normalPresent <= 0 ? 0 : (int)((Int128)left * normalPresent / (lowPresent + normalPresent));
        if (left - normal > 0)
        {
            zones.Add(new Zone(1, DmaEnd, lowPresent, lowPresent, dma, left - normal));
        }
        if (normal > 0)
        {
            zones.Add(new Zone(2, NormalStart, normalPresent, normalPresent, managed - normal, normal));
        }
        return [.. zones];
    }
}
