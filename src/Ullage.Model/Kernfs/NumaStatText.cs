using System.Globalization;
using System.Text;
using Ullage.Abi;
using Ullage.Model.Charging;
using Ullage.Model.Eras;
using Ullage.Model.Pages;

namespace Ullage.Model.Kernfs;

/// <summary>The text of memory.numa_stat (§11.5). Pages are counted where they lie.</summary>
[Kernel("memcg_numa_stat_show", "mm/memcontrol-v1.c", Deviation = "Kernel stacks, slabs and refaults are shown on node 0.")]
internal static class NumaStatText
{
    public static string V1(Machine machine, MemCgroup memcg)
    {
        memcg.PrepareStatRead();
        StringBuilder text = new();
        StatReader reader = new(machine, memcg);
        V1Part(machine, text, "", reader.Local, new NodeCounts(machine, memcg, subtree: false));
        V1Part(machine, text, "hierarchical_", reader.Recursive, new NodeCounts(machine, memcg, subtree: true));
        return text.ToString();
    }

    private static void V1Part(Machine machine, StringBuilder text, string prefix, Func<MemcgStat, long> count, NodeCounts nodes)
    {
        long file = count(MemcgStat.InactiveFile) + count(MemcgStat.ActiveFile);
        long anon = count(MemcgStat.InactiveAnon) + count(MemcgStat.ActiveAnon);
        long unevictable = count(MemcgStat.Unevictable);
        Nodes(machine, text.Append(prefix).Append("total=").Append(Invariantly(file + anon + unevictable)), file + anon + unevictable, node => nodes.File(node) + nodes.Anon(node) + nodes.On(node, LruList.Unevictable));
        Nodes(machine, text.Append(prefix).Append("file=").Append(Invariantly(file)), file, nodes.File);
        Nodes(machine, text.Append(prefix).Append("anon=").Append(Invariantly(anon)), anon, nodes.Anon);
        Nodes(machine, text.Append(prefix).Append("unevictable=").Append(Invariantly(unevictable)), unevictable, node => nodes.On(node, LruList.Unevictable));
    }

    /// <summary>v2: the fields of memory.stat that nodes count.</summary>
    public static string V2(Machine machine, MemCgroup memcg)
    {
        memcg.PrepareStatRead();
        StringBuilder text = new();
        StatReader reader = new(machine, memcg);
        NodeCounts nodes = new(machine, memcg, subtree: true);
        IReadOnlyList<string> fields = machine.Era.Cgroups.V2StatFields;
        string last = fields.Has("pgpromote_success") ? "pgpromote_success" : "workingset_nodereclaim";
        foreach (string field in fields)
        {
            if (field is not ("kernel" or "percpu" or "sock" or "vmalloc" or "zswap" or "zswapped" or "slab"))
            {
                long all = MemoryStatText.V2Value(field, reader);
                Nodes(machine, text.Append(field), all, node => nodes.V2Value(field, node) ?? (node == 0 ? all : 0));
            }
            if (field == last)
            {
                break;
            }
        }
        return text.ToString();
    }

    /// <summary>One node has everything that is counted; where there are several, each has what lies on it.</summary>
    private static void Nodes(Machine machine, StringBuilder text, long all, Func<int, long> onNode)
    {
        for (int node = 0; node < machine.Options.Nodes; node++)
        {
            text.Append(CultureInfo.InvariantCulture, $" N{node}={(machine.Frames.IsNuma ? onNode(node) : all)}");
        }
        text.Append('\n');
    }

    private static string Invariantly(long value) => value.ToString(CultureInfo.InvariantCulture);
}
