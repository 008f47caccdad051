using Ullage.Abi;

namespace Ullage.Model.Pages;

/// <summary>A zone's free memory in blocks: which blocks of 2^order pages there are when all free buddies are joined.</summary>
[Kernel("struct free_area", "include/linux/mmzone.h")]
internal static class BuddyCounts
{
    public const int Orders = 11;

    /// <summary>Blocks per order, from single pages to 4 MiB.</summary>
    public static int[] Of(PageFrames frames, Zone zone)
    {
        int[] counts = new int[Orders];
        int frame = zone.FirstFrame;
        while (frame < zone.EndFrame)
        {
            if (!frames.IsFree(frame))
            {
                frame++;
                continue;
            }
            int end = frame;
            while (end < zone.EndFrame && frames.IsFree(end))
            {
                end++;
            }
            Split(counts, zone.PfnOf(frame), zone.PfnOf(end));
            frame = end;
        }
        return counts;
    }

    /// <summary>A run of free frames is made of the largest aligned blocks that fit.</summary>
    private static void Split(int[] counts, long pfn, long end)
    {
        while (pfn < end)
        {
            int order = Orders - 1;
            while ((pfn & ((1L << order) - 1)) != 0 || pfn + (1L << order) > end)
            {
                order--;
            }
            counts[order]++;
            pfn += 1L << order;
        }
    }
}
