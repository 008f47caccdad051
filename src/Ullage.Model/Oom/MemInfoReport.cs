using System.Globalization;
using System.Text;
using Ullage.Abi;
using Ullage.Abi.Units;
using Ullage.Model.Eras;
using Ullage.Model.Kernfs;
using Ullage.Model.Pages;
using Ullage.Model.Tracing;

namespace Ullage.Model.Oom;

/// <summary>Mem-Info: where the machine's memory is, from its totals down to the free blocks of each zone (§8.6).</summary>
[Kernel("show_mem", "mm/show_mem.c", Deviation = "Kernel stacks and slabs are shown in the highest zone of node 0. Free blocks have no migrate types: those of the DMA zone are shown as unmovable, others as movable.")]
internal sealed class MemInfoReport(Machine machine)
{
    private const int KbPerPage = KernelConstants.PageSize / 1024;

    private readonly MemInfoRules _rules = machine.Era.MemInfo;

    private bool _isHopeless;

    /// <summary>What the placeholders of a line stand for, in pages; kernel stacks in kB.</summary>
    private record struct Counts(FrameUse Use, long Tables, long StackKb, long Slab, long Reclaimable, long Free, IReadOnlyList<Zone> Zones);

    /// <summary>Writes it.</summary>
    /// <param name="isHopeless">Reclaim has given up: nothing of a node, or zone, can be reclaimed.</param>
    /// <param name="nodes">Nodes to show beside the totals: those that the allocation could have had memory from.</param>
    public void Dump(bool isHopeless, NodeMask nodes)
    {
        _isHopeless = isHopeless;
        MachineTotals totals = new(machine);
        Counts all = new(machine.Frames.CountUse(), totals.PageTables, totals.KernelStackKb, totals.UnreclaimableSlabPages, totals.ReclaimableSlabPages, machine.Frames.Free, machine.Frames.Zones);
        Line("Mem-Info:");
        Line(Fill(string.Join('\n', _rules.Totals), all, null, 1));
        List<Zone> shown = [];
        foreach (MemoryNode node in machine.Frames.Nodes)
        {
            if (nodes.Has(node.Id))
            {
                shown.AddRange(node.Zones);
                NodeLine(node, all);
            }
        }
        ZoneLines(shown, all);
        FreeBlocks(shown);
        HugePages(nodes);
        CacheAndSwap(all);
        Ram();
    }

    private void HugePages(NodeMask nodes)
    {
        foreach (MemoryNode node in machine.Frames.Nodes)
        {
            foreach (int kb in _rules.HugePages)
            {
                if (nodes.Has(node.Id))
                {
                    Counted($"Node {node.Id} hugepages_total=0 hugepages_free=0 hugepages_surp=0 hugepages_size={kb}kB");
                }
            }
        }
    }

    private void NodeLine(MemoryNode node, Counts all)
    {
        if (_rules.Node.Count == 0)
        {
            return;
        }
        Counts counts = all;
        if (machine.Frames.IsNuma)
        {
            FrameUse use = machine.Frames.CountUse(node);
            counts = new(use, use.Kernel, node.Id == 0 ? all.StackKb : 0, 0, 0, node.Free, node.Zones);
        }
        Line(FormattableString.Invariant($"Node {node.Id} ") + Fill(string.Join(' ', _rules.Node), counts, null, KbPerPage));
    }

    private void ZoneLines(List<Zone> zones, Counts all)
    {
        foreach (Zone zone in zones)
        {
            bool last = zone == machine.Frames.Nodes[0].Zones[^1];
            FrameUse use = machine.Frames.CountUse(zone);
            Counts counts = new(use, use.Kernel, last ? all.StackKb : 0, last ? all.Slab : 0, last ? all.Reclaimable : 0, zone.Free, [zone]);
            Line(FormattableString.Invariant($"Node {zone.NodeId} ") + Fill(string.Join(' ', _rules.Zone), counts, zone, KbPerPage));
            StringBuilder reserve = new("lowmem_reserve[]:");
            for (int type = 0; type < machine.Era.Pages.ZoneTypes; type++)
            {
                reserve.Append(CultureInfo.InvariantCulture, $" {(type > zone.Type ? machine.Frames.Watermarks.Protection(zone, type) : 0)}");
            }
            Line(reserve.ToString());
        }
    }

    /// <summary>Puts numbers in for names in braces.</summary>
    private string Fill(string template, Counts counts, Zone? zone, int unit)
    {
        StringBuilder text = new();
        int at = 0;
        for (int open = template.IndexOf('{', StringComparison.Ordinal); open >= 0; open = template.IndexOf('{', at))
        {
            int close = template.IndexOf('}', open);
            text.Append(template, at, open - at).Append(Value(template[(open + 1)..close], counts, zone, unit));
            at = close + 1;
        }
        return text.Append(template, at, template.Length - at).ToString();
    }

    private string Value(string name, Counts counts, Zone? zone, int unit) => name switch
    {
        "zone" => zone!.Name,
        "hopeless" => _isHopeless ? "yes" : "no",
        "stack" => Text(counts.StackKb),
        "active_anon" => Text(counts.Use.ActiveAnon * unit),
        "inactive_anon" => Text(counts.Use.InactiveAnon * unit),
        "active_file" => Text(OnLists(counts, LruList.ActiveFile) * unit),
        "inactive_file" => Text(OnLists(counts, LruList.InactiveFile) * unit),
        "unevictable" or "mlocked" => Text(OnLists(counts, LruList.Unevictable) * unit),
        "dirty" => Text(counts.Use.Dirty * unit),
        "writeback" => Text(counts.Use.Writeback * unit),
        "writepending" => Text((counts.Use.Dirty + counts.Use.Writeback) * unit),
        "shmem" => Text(counts.Use.Shmem * unit),
        "slab" => Text(counts.Slab * unit),
        "slab_reclaimable" => Text(counts.Reclaimable * unit),
        "mapped" => Text((counts.Use.Mapped + counts.Use.FileMapped) * unit),
        "pagetables" => Text(counts.Tables * unit),
        "free" => Text(counts.Free * unit),
        "min" => Text(zone!.Min * unit),
        "low" => Text(zone!.Low * unit),
        "high" => Text(zone!.High * unit),
        "present" => Text(zone!.Present * unit),
        "managed" => Text(zone!.Managed * unit),
        _ => "0",
    };

    private static string Text(long value) => value.ToString(CultureInfo.InvariantCulture);

    private static long OnLists(Counts counts, LruList list)
    {
        long pages = 0;
        foreach (Zone zone in counts.Zones)
        {
            pages += zone.ListPages(list);
        }
        return pages;
    }

    private void FreeBlocks(List<Zone> zones)
    {
        foreach (Zone zone in zones)
        {
            StringBuilder line = new(FormattableString.Invariant($"Node {zone.NodeId} {zone.Name}:"));
            int[] counts = BuddyCounts.Of(machine.Frames, zone);
            for (int order = 0; order < counts.Length; order++)
            {
                string types = counts[order] == 0 ? "" : zone.Type == 0 ? " (U)" : " (M)";
                line.Append(CultureInfo.InvariantCulture, $" {counts[order]}*{KbPerPage << order}kB{types}");
            }
            Line(line.Append(CultureInfo.InvariantCulture, $" = {zone.Free * KbPerPage}kB").ToString());
        }
    }

    private void CacheAndSwap(Counts all)
    {
        Swap.SwapSpace swap = machine.Swap;
        Counted($"{all.Use.Shmem + machine.Vm[VmItem.FilePages]} total pagecache pages");
        Counted($"{swap.Cached} pages in swap cache");
        if (_rules.SwapCacheStats)
        {
            Counted($"Swap cache stats: add {swap.Added}, delete {swap.Deleted}, find {swap.Found}/{swap.Lookups}");
        }
        Counted($"Free swap  = {swap.Map.Free * KbPerPage}kB");
        Counted($"Total swap = {swap.Map.Pages * KbPerPage}kB");
    }

    private void Ram()
    {
        long present = 0;
        foreach (Zone zone in machine.Frames.Zones)
        {
            present += zone.Present;
        }
        Counted($"{present} pages RAM");
        Line("0 pages HighMem/MovableOnly");
        Counted($"{present - machine.Frames.Managed} pages reserved");
        if (HasField("CmaTotal"))
        {
            Line("0 pages cma reserved");
        }
        if (HasField("HardwareCorrupted"))
        {
            Line("0 pages hwpoisoned");
        }
    }

    /// <summary>What /proc/meminfo shows was built in.</summary>
    private bool HasField(string name)
    {
        foreach (string field in machine.Era.Proc.MeminfoFields)
        {
            if (field == name)
            {
                return true;
            }
        }
        return false;
    }

    private void Counted(FormattableString text) => Line(text.ToString(CultureInfo.InvariantCulture));

    private void Line(string text) => machine.Log.Write(PrintkLevel.Warning, text);
}
