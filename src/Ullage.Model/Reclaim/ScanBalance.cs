using Ullage.Abi;
using Ullage.Model.Charging;
using Ullage.Model.Eras;
using Ullage.Model.Pages;

namespace Ullage.Model.Reclaim;

/// <summary>How many pages of each list a round looks at (§3.7): anonymous or page cache, or both by what pays.</summary>
[Kernel("get_scan_count", "mm/vmscan.c")]
internal sealed class ScanBalance(Machine machine)
{
    private const int Evictable = 4; // lists
    private const int SwappinessBoth = 200; // anonymous and file together

    private enum Side
    {
        Both,
        Share,
        Anon,
        File,
    }

    private readonly VmscanRules _rules = machine.Era.Vmscan;

    /// <summary>Fills in how many pages of each list to scan; answers how many there are on the lists that are scanned.</summary>
    public long Count(ReclaimRun run, Lruvec lruvec, Span<long> scan)
    {
        Side side = SideOf(run, lruvec);
        Int128 anon = 0;
        Int128 file = 0;
        Int128 whole = 1;
        if (side == Side.Share)
        {
            (anon, file, whole) = _rules.Balance == ScanBalanceRule.Cost ? ByCost(run, lruvec) : ByRotation(run, lruvec);
        }
        long eligible = 0;
        bool forces = _rules.ForcesScan && Forces(run, lruvec);
        for (int pass = 0; pass < (forces ? 2 : 1); pass++)
        {
            eligible = 0;
            bool any = false;
            for (int list = 0; list < Evictable; list++)
            {
                bool isFile = list >= 2;
                bool isLeftOut = side == (isFile ? Side.Anon : Side.File);
                long pages = isLeftOut ? 0 : Pages(run, lruvec, (LruList)list, pass == 1);
                scan[list] = side == Side.Share ? Share(lruvec.Memcg, pages, isFile ? file : anon, whole) : pages;
                eligible += isLeftOut ? 0 : lruvec.Size((LruList)list);
                any |= scan[list] != 0;
            }
            if (any)
            {
                break;
            }
        }
        return eligible;
    }

    private int SwappinessOf(ReclaimRun run, Lruvec lruvec) => run.Swappiness >= 0 ? Math.Min(run.Swappiness, SwappinessBoth) : lruvec.Memcg.Swappiness;

    private Side SideOf(ReclaimRun run, Lruvec lruvec)
    {
        if (!run.MaySwap || machine.PageBackends.FreeSwapPages(lruvec.Memcg) <= 0)
        {
            return Side.File;
        }
        if (run.Swappiness > SwappinessBoth)
        {
            return Side.Anon; // memory.reclaim with swappiness=max
        }
        int swappiness = SwappinessOf(run, lruvec);
        if (!run.IsGlobal && swappiness == 0)
        {
            return Side.File;
        }
        if (run.Priority == 0 && swappiness != 0)
        {
            return Side.Both;
        }
        if (_rules.Inactive == InactiveRule.Target)
        {
            return run.FileIsTiny ? Side.Anon : run.CacheTrim ? Side.File : Side.Share;
        }
        if (run.IsGlobal && IsFileTiny(run, lruvec))
        {
            return Side.Anon;
        }
        bool isTrimmed = !machine.InactiveRatio.IsLow(lruvec, isFile: true, inReclaim: false)
            && (!_rules.TrimNeedsPages || lruvec.Size(LruList.InactiveFile) >> run.Priority > 0);
        return isTrimmed ? Side.File : Side.Share;
    }

    /// <summary>So little page cache is left that reclaiming it alone could not meet the watermarks (to 5.7).</summary>
    private bool IsFileTiny(ReclaimRun run, Lruvec lruvec)
    {
        if (lruvec.Zone is { } zone)
        {
            return zone.FilePages + zone.Free <= zone.High;
        }
        return IsFileTiny(machine.Lru.NodeAt(lruvec.Place)) && (!_rules.TinyFileNeedsAnon
            || (!machine.InactiveRatio.IsLow(lruvec, isFile: false, inReclaim: false) && lruvec.Size(LruList.InactiveAnon) >> run.Priority > 0));
    }

    /// <summary>A node's page cache and free memory together do not exceed all its high watermarks.</summary>
    internal static bool IsFileTiny(MemoryNode node) => node.ListPages(LruList.ActiveFile) + node.ListPages(LruList.InactiveFile) + node.Free <= node.High;

    private (Int128 Anon, Int128 File, Int128 Whole) ByRotation(ReclaimRun run, Lruvec lruvec)
    {
        int swappiness = SwappinessOf(run, lruvec);
        Decay(lruvec, 0, lruvec.Size(LruList.ActiveAnon) + lruvec.Size(LruList.InactiveAnon));
        Decay(lruvec, 1, lruvec.Size(LruList.ActiveFile) + lruvec.Size(LruList.InactiveFile));
        long anon = swappiness * (lruvec.RecentScanned[0] + 1) / (lruvec.RecentRotated[0] + 1);
        long file = (SwappinessBoth - swappiness) * (lruvec.RecentScanned[1] + 1) / (lruvec.RecentRotated[1] + 1);
        return (anon, file, (Int128)anon + file + 1);
    }

    /// <summary>What was seen long ago counts half.</summary>
    private static void Decay(Lruvec lruvec, int type, long pages)
    {
        if (lruvec.RecentScanned[type] > pages / 4)
        {
            lruvec.RecentScanned[type] /= 2;
            lruvec.RecentRotated[type] /= 2;
        }
    }

    private (Int128 Anon, Int128 File, Int128 Whole) ByCost(ReclaimRun run, Lruvec lruvec)
    {
        int swappiness = SwappinessOf(run, lruvec);
        long both = run.AnonCost + run.FileCost;
        long anonCost = both + run.AnonCost;
        long fileCost = both + run.FileCost;
        long total = anonCost + fileCost;
        long anon = swappiness * (total + 1) / (anonCost + 1);
        long file = (SwappinessBoth - swappiness) * (total + 1) / (fileCost + 1);
        return (anon, file, (Int128)anon + file);
    }

    private long Share(MemCgroup memcg, long pages, Int128 part, Int128 whole)
    {
        if (pages == 0)
        {
            return 0;
        }
        bool up = _rules.Rounding == ShareRounding.Up || (_rules.Rounding == ShareRounding.UpWhenOffline && !memcg.Online);
        const long half = int.MaxValue;
        if (pages <= half && part <= half && whole <= half)
        {
            return ((pages * (long)part) + (up ? (long)whole - 1 : 0)) / (long)whole; // as nearly always: what follows takes ten times as long
        }
        return (long)(((pages * part) + (up ? whole - 1 : 0)) / whole);
    }

    /// <summary>4.1: where shares came to nothing, a second look takes 32 pages of each list.</summary>
    private bool Forces(ReclaimRun run, Lruvec lruvec) =>
        !run.IsGlobal || (run.IsKswapd && (!lruvec.Memcg.Online || !machine.ReclaimRetry.IsReclaimable(lruvec.Zone!)));

    private long Pages(ReclaimRun run, Lruvec lruvec, LruList list, bool force)
    {
        long size = lruvec.Size(list);
        long pages = _rules.ProtectedScan == ProtectedScan.Whole ? size : Unprotected(run, lruvec.Memcg, size);
        pages >>= run.Priority;
        bool scrapes = force || (!_rules.ForcesScan && !lruvec.Memcg.Online);
        return pages == 0 && scrapes ? Math.Min(size, ReclaimRun.Cluster) : pages;
    }

    /// <summary>What of a list is above the cgroup's protection, at least 32 pages.</summary>
    private long Unprotected(ReclaimRun run, MemCgroup memcg, long size)
    {
        bool isTarget = memcg == run.Target && machine.Era.Limits.Protection == ProtectionRule.Capped;
        long min = isTarget || memcg.IsRoot ? 0 : memcg.Memory.Min.Effective;
        long low = isTarget || memcg.IsRoot ? 0 : memcg.Memory.Low.Effective;
        bool byLow = _rules.ProtectedScan == ProtectedScan.LowAboveMin;
        if (byLow ? min == 0 && low == 0 : (run.LowReclaim ? min : Math.Max(min, low)) == 0)
        {
            return size;
        }
        long spared = min;
        if (!run.LowReclaim && low > min)
        {
            spared = low;
            run.LowSkipped |= byLow;
        }
        long usage = Math.Max(memcg.Memory.Usage, spared);
        long pages = size - (long)((Int128)size * spared / (usage + (byLow ? 1 : 0)));
        return Math.Max(pages, ReclaimRun.Cluster);
    }
}
