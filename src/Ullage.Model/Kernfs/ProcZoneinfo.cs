using System.Globalization;
using System.Text;
using Ullage.Abi;
using Ullage.Model.Pages;

namespace Ullage.Model.Kernfs;

/// <summary>/proc/zoneinfo: every node's counters, and every zone's marks and counters, which are the first parts of /proc/vmstat.</summary>
[Kernel("zoneinfo_show", "mm/vmstat.c", Deviation = "There are no per-CPU lists and so no pagesets. With several nodes what is not counted by node stands at node 0; page tables, slabs and stacks at the node's, or node 0's, highest zone.")]
internal sealed class ProcZoneinfo(Machine machine, Sysctls sysctls)
{
    private const string FirstOfNode = "nr_inactive_anon"; // in vmstat a node's counters follow those of zones
    private const string AfterNode = "nr_dirty_threshold";
    private const int NameWidth = 12;

    private readonly ProcVmstat _vmstat = new(machine, sysctls);
    private readonly bool _zonesHaveAll = machine.Era.Lru.PerZone; // 4.1: nodes have no counters
    private readonly StringBuilder _text = new();

    public string Text()
    {
        foreach (MemoryNode node in machine.Frames.Nodes)
        {
            bool isFirst = true;
            for (int type = 0; type < machine.Era.Pages.ZoneTypes; type++)
            {
                Zone? zone = ZoneOf(node, type);
                if (zone is null && _zonesHaveAll)
                {
                    continue; // 4.1 shows only zones that have pages
                }
                _text.Append(CultureInfo.InvariantCulture, $"Node {node.Id}, zone {NameOf(type),8}\n");
                if (zone is not null && isFirst && !_zonesHaveAll)
                {
                    isFirst = false;
                    NodeStats(node);
                }
                ZoneLines(node, zone, type);
            }
        }
        return _text.ToString();
    }

    private static Zone? ZoneOf(MemoryNode node, int type)
    {
        foreach (Zone zone in node.Zones)
        {
            if (zone.Type == type)
            {
                return zone;
            }
        }
        return null;
    }

    private static string NameOf(int type) => type switch { 0 => "DMA", 1 => "DMA32", 2 => "Normal", 3 => "Movable", _ => "Device" };

    private void NodeStats(MemoryNode node)
    {
        _text.Append("  per-node stats\n");
        FrameUse use = machine.Frames.CountUse(node);
        bool isIn = false;
        foreach (string field in machine.Era.Proc.VmstatFields)
        {
            isIn = (isIn || field == FirstOfNode) && field != AfterNode;
            if (isIn)
            {
                Stat("      ", field, NodeValue(field, node, use));
            }
        }
    }

    private long NodeValue(string field, MemoryNode node, FrameUse use) => !machine.Frames.IsNuma ? _vmstat.Value(field)
        : Counted(field, node.Zones, use) ?? (node.Id == 0 ? _vmstat.Value(field) : 0);

    /// <summary>What is known of some zones by itself.</summary>
    private static long? Counted(string field, IReadOnlyList<Zone> zones, FrameUse use) => field switch
    {
        "nr_inactive_anon" or "nr_zone_inactive_anon" => Pages(zones, LruList.InactiveAnon),
        "nr_active_anon" or "nr_zone_active_anon" => Pages(zones, LruList.ActiveAnon),
        "nr_inactive_file" or "nr_zone_inactive_file" => Pages(zones, LruList.InactiveFile),
        "nr_active_file" or "nr_zone_active_file" => Pages(zones, LruList.ActiveFile),
        "nr_unevictable" or "nr_zone_unevictable" or "nr_mlock" => Pages(zones, LruList.Unevictable),
        "nr_anon_pages" => use.Anon,
        "nr_shmem" => use.Shmem,
        "nr_file_pages" => use.File + use.Shmem,
        "nr_mapped" => use.Mapped + use.FileMapped,
        "nr_dirty" => use.Dirty,
        "nr_writeback" => use.Writeback,
        "nr_zone_write_pending" => use.Dirty + use.Writeback,
        _ => null,
    };

    private static long Pages(IReadOnlyList<Zone> zones, LruList list)
    {
        long pages = 0;
        foreach (Zone zone in zones)
        {
            pages += zone.ListPages(list);
        }
        return pages;
    }

    private void ZoneLines(MemoryNode node, Zone? zone, int type)
    {
        _text.Append(CultureInfo.InvariantCulture, $"  pages free     {zone?.Free ?? 0}\n");
        foreach (string mark in machine.Era.Proc.ZoneinfoMarks)
        {
            _text.Append("        ").Append(mark.PadRight(9)).Append(CultureInfo.InvariantCulture, $"{(zone is null ? 0 : Mark(mark, zone))}\n");
        }
        if (!_zonesHaveAll)
        {
            Protection(zone, type);
        }
        if (zone is null)
        {
            return;
        }
        ZoneStats(node, zone);
        if (_zonesHaveAll)
        {
            Protection(zone, type);
            _text.Append(CultureInfo.InvariantCulture, $"  all_unreclaimable: {(machine.ReclaimRetry.IsReclaimable(zone) || machine.ReclaimRetry.ReclaimablePages(zone) == 0 ? 0 : 1)}\n  start_pfn:         {zone.StartPfn}\n");
            return;
        }
        bool isHopeless = machine.Kswapds[node.Id].Failures >= Reclaim.Kswapd.MostFailures;
        _text.Append(CultureInfo.InvariantCulture, $"  node_unreclaimable:  {(isHopeless ? 1 : 0)}\n  start_pfn:           {zone.StartPfn}\n");
    }

    private static long Mark(string name, Zone zone) => name switch
    {
        "min" => zone.Min,
        "low" => zone.Low,
        "high" => zone.High,
        "promo" => zone.High + (zone.High - zone.Low),
        "scanned" => zone.PagesScanned,
        "spanned" => zone.Spanned,
        "present" => zone.Present,
        "managed" => zone.Managed,
        _ => 0, // boost, cma
    };

    private void Protection(Zone? zone, int type)
    {
        _text.Append("        protection: (");
        for (int upTo = 0; upTo < machine.Era.Pages.ZoneTypes; upTo++)
        {
            _text.Append(upTo > 0 ? ", " : "").Append(CultureInfo.InvariantCulture, $"{(zone is not null && upTo > type ? machine.Frames.Watermarks.Protection(zone, upTo) : 0)}");
        }
        _text.Append(")\n");
    }

    private void ZoneStats(MemoryNode node, Zone zone)
    {
        FrameUse use = machine.Frames.CountUse(zone);
        bool isLast = zone == node.Zones[^1];
        foreach (string field in machine.Era.Proc.VmstatFields)
        {
            if (field == (_zonesHaveAll ? AfterNode : FirstOfNode))
            {
                break;
            }
            Stat(_zonesHaveAll ? "    " : "      ", field, ZoneValue(field, zone, use, isLast));
        }
    }

    private long ZoneValue(string field, Zone zone, FrameUse use, bool isLast)
    {
        if (field == "nr_free_pages")
        {
            return zone.Free;
        }
        if (Counted(field, [zone], use) is { } counted)
        {
            return counted;
        }
        if (!machine.Frames.IsNuma && field is "numa_hit" or "numa_local")
        {
            return zone.Allocations;
        }
        if (machine.Pages.Numa.Of(field, zone.NodeId) is { } ofNode)
        {
            return isLast ? ofNode : 0;
        }
        return isLast && zone.NodeId == 0 ? _vmstat.Value(field) : 0;
    }

    private void Stat(string indent, string field, long value) =>
        _text.Append(indent).Append(field.PadRight(NameWidth)).Append(CultureInfo.InvariantCulture, $" {value}\n");
}
