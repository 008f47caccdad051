using Ullage.Abi;
using Ullage.Abi.Units;
using Ullage.Model.Eras;

namespace Ullage.Model.Pages;

/// <summary>
/// min_free_kbytes and what follows from it: each zone's watermarks and reserves (§9.1). The default is the square root of
/// 16 times the memory in kB, raised to what transparent huge pages recommend: on the measured 2 GiB machines 45056, not 5709.
/// </summary>
[Kernel("setup_per_zone_wmarks", "mm/page_alloc.c", Deviation = "Memory that the kernel's own start gives back later is there from the beginning: marks differ by a page, reserves by 2 %.")]
public sealed class Watermarks
{
    private const int KbPerPage = KernelConstants.PageSize / 1024;
    private const int PageBlock = 512;
    private const int FreeListTypes = 3; // MIGRATE_PCPTYPES
    private const int LowmemRatio = 256;
    private const int LowmemRatioNormal = 32;

    private readonly Zone[] _zones;
    private readonly PagesRules _rules;

    internal Watermarks(Zone[] zones, PagesRules rules)
    {
        _zones = zones;
        _rules = rules;
        SetReserves();
        long lowmem = Buffers(withoutHigh: false);
        MinFreeKb = Math.Clamp(SquareRoot(lowmem * KbPerPage * 16), 128, rules.MinFreeKbMax);
        Set();
        MinFreeKb = Math.Max(MinFreeKb, RecommendedKb());
        Set();
    }

    /// <summary>vm.min_free_kbytes.</summary>
    public long MinFreeKb { get; private set; }

    /// <summary>vm.watermark_scale_factor, in ten thousandths.</summary>
    public int ScaleFactor { get; private set; } = 10;

    /// <summary>Pages that user processes cannot have: high watermarks and reserves (totalreserve_pages).</summary>
    public long TotalReserve { get; private set; }

    /// <summary>Writes vm.min_free_kbytes.</summary>
    [Kernel("min_free_kbytes_sysctl_handler", "mm/page_alloc.c")]
    internal void SetMinFreeKb(long kb)
    {
        MinFreeKb = kb;
        Set();
    }

    /// <summary>Writes vm.watermark_scale_factor.</summary>
    [Kernel("watermark_scale_factor_sysctl_handler", "mm/page_alloc.c")]
    internal void SetScaleFactor(int factor)
    {
        ScaleFactor = factor;
        Set();
    }

    private void Set()
    {
        long managed = Buffers(withoutHigh: false);
        long minPages = MinFreeKb / KbPerPage;
        foreach (Zone zone in _zones)
        {
            long share = (long)((Int128)minPages * zone.Managed / managed);
            long gap = _rules.ScaleFactorMax > 0 ? Math.Max(share / 4, (long)zone.Managed * ScaleFactor / 10_000) : share / 4;
            zone.Min = share;
            zone.Low = share + gap;
            zone.High = share + (_rules.ScaleFactorMax > 0 ? 2 * gap : share / 2);
            zone.FastMark = zone.Low + zone.LowmemReserve;
        }
        SetTotalReserve();
    }

    /// <summary>Each zone keeps back a share of all zones above it in its node.</summary>
    [Kernel("setup_per_zone_lowmem_reserve", "mm/page_alloc.c")]
    private void SetReserves()
    {
        foreach (Zone zone in _zones)
        {
            zone.LowmemReserve = Protection(zone, _rules.ZoneTypes - 1);
        }
    }

    /// <summary>What <paramref name="zone"/> keeps back from requests that zone type <paramref name="upTo"/> could have met.</summary>
    internal long Protection(Zone zone, int upTo)
    {
        long above = 0;
        foreach (Zone other in _zones)
        {
            above += other.NodeId == zone.NodeId && other.Type > zone.Type && other.Type <= upTo ? other.Managed : 0;
        }
        return above / (zone.Type < 2 ? LowmemRatio : LowmemRatioNormal);
    }

    [Kernel("calculate_totalreserve_pages", "mm/page_alloc.c")]
    private void SetTotalReserve()
    {
        TotalReserve = 0;
        foreach (Zone zone in _zones)
        {
            TotalReserve += Math.Min(zone.LowmemReserve + zone.High, zone.Managed);
        }
    }

    [Kernel("nr_free_buffer_pages", "mm/page_alloc.c")]
    private long Buffers(bool withoutHigh)
    {
        long pages = 0;
        foreach (Zone zone in _zones)
        {
            pages += zone.Managed - (withoutHigh ? Math.Min(zone.High, zone.Managed) : 0);
        }
        return pages;
    }

    /// <summary>Two page blocks per zone and nine more for each, so that huge pages can be had; at most a twentieth of memory.</summary>
    [Kernel("set_recommended_min_free_kbytes", "mm/khugepaged.c")]
    private long RecommendedKb()
    {
        long pages = (long)PageBlock * _zones.Length * (2 + (FreeListTypes * FreeListTypes));
        return Math.Min(pages, Buffers(withoutHigh: true) / 20) * KbPerPage;
    }

    [Kernel("int_sqrt", "lib/math/int_sqrt.c")]
    private static long SquareRoot(long value)
    {
        long root = 0;
        for (long bit = 1L << 30; bit > 0; bit >>= 1)
        {
            root += (root + bit) * (root + bit) <= value ? bit : 0;
        }
        return root;
    }
}
