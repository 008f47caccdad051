using System.Globalization;
using System.Text;
using Ullage.Abi;
using Ullage.Model.Charging;
using Ullage.Model.Eras;

namespace Ullage.Model.Kernfs;

/// <summary>The text of memory.numa_stat (§11.5). All memory is on node 0 until the page allocator knows nodes.</summary>
[Kernel("memcg_numa_stat_show", "mm/memcontrol-v1.c", Deviation = "All memory is on node 0.")]
internal static class NumaStatText
{
    public static string V1(Machine machine, MemCgroup memcg)
    {
        memcg.PrepareStatRead();
        StringBuilder text = new();
        StatReader reader = new(machine, memcg);
        V1Part(machine, text, "", reader.Local);
        V1Part(machine, text, "hierarchical_", reader.Recursive);
        return text.ToString();
    }

    private static void V1Part(Machine machine, StringBuilder text, string prefix, Func<MemcgStat, long> count)
    {
        long file = count(MemcgStat.InactiveFile) + count(MemcgStat.ActiveFile);
        long anon = count(MemcgStat.InactiveAnon) + count(MemcgStat.ActiveAnon);
        long unevictable = count(MemcgStat.Unevictable);
        Nodes(machine, text.Append(prefix).Append("total=").Append(Invariantly(file + anon + unevictable)), file + anon + unevictable);
        Nodes(machine, text.Append(prefix).Append("file=").Append(Invariantly(file)), file);
        Nodes(machine, text.Append(prefix).Append("anon=").Append(Invariantly(anon)), anon);
        Nodes(machine, text.Append(prefix).Append("unevictable=").Append(Invariantly(unevictable)), unevictable);
    }

    /// <summary>v2: the fields of memory.stat that nodes count.</summary>
    public static string V2(Machine machine, MemCgroup memcg)
    {
        memcg.PrepareStatRead();
        StringBuilder text = new();
        StatReader reader = new(machine, memcg);
        IReadOnlyList<string> fields = machine.Era.Cgroups.V2StatFields;
        string last = fields.Has("pgpromote_success") ? "pgpromote_success" : "workingset_nodereclaim";
        foreach (string field in fields)
        {
            if (field is not ("kernel" or "percpu" or "sock" or "vmalloc" or "zswap" or "zswapped" or "slab"))
            {
                Nodes(machine, text.Append(field), MemoryStatText.V2Value(field, reader));
            }
            if (field == last)
            {
                break;
            }
        }
        return text.ToString();
    }

    private static void Nodes(Machine machine, StringBuilder text, long onFirst)
    {
        for (int node = 0; node < machine.Options.Nodes; node++)
        {
            text.Append(CultureInfo.InvariantCulture, $" N{node}={(node == 0 ? onFirst : 0)}");
        }
        text.Append('\n');
    }

    private static string Invariantly(long value) => value.ToString(CultureInfo.InvariantCulture);
}
