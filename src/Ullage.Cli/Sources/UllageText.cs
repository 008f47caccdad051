using Ullage.Cli.Terminal;
using Ullage.Observe.Fields;
using Ullage.Observe.Readings;
using Ullage.Observe.Sampling;

namespace Ullage.Cli.Sources;

/// <summary>Says how an ullage was computed, with numbers that add up.</summary>
internal static class UllageText
{
    private const int MostName = 24;

    /// <summary>At most 80 columns wide: a sentence, a table of all bounds on the way, and what its words mean.</summary>
    public static IReadOnlyList<string> Explain(Sample sample, int row)
    {
        IReadOnlyList<UllageLevel> levels = UllageReading.LevelsOf(sample, row);
        UllageReading ullage = UllageReading.Of(sample, row);
        if (ullage.Bytes is not long bytes)
        {
            return ["ullage: unknown, neither a limit nor the machine's memory could be read"];
        }
        List<string> lines = [$"ullage {Amounts.Size(bytes)}: what can still be taken before {Outcome(sample, ullage.Binding)}"];
        lines.Add($"  {"bound",-MostName}   limit -(usage - file - slab - swap)= ullage");
        foreach (UllageLevel level in levels)
        {
            lines.Add($"  {Name(sample, level),-MostName}{Pad(level.LimitBytes)} {Pad(level.UsageBytes)}{Pad(level.FileBytes)}{Pad(level.SlabBytes)}"
                + $"{Pad(level.SwapBytes)} {Pad(level.UllageBytes)}{(level == ullage.Binding ? " <" : "")}{(level.IsGuess ? " ?" : "")}");
        }
        lines.Add("  file: page cache that can go at once (not dirty, not being written, not tmpfs)");
        lines.Add(sample.Version == 1 ? "  slab: cgroup v1 does not say how much of it can shrink, so none is counted" : "  slab: caches that can shrink (slab_reclaimable)");
        lines.Add($"  swap: anonymous memory and tmpfs that fit into swap{(sample.HostValue(HostFields.Swappiness) == 0 ? "; vm.swappiness is 0: none" : "")}");
        lines.AddRange(WorkingSet(sample, row));
        if (levels.Any(level => level.IsGuess))
        {
            lines.Add("  ?: what could be reclaimed there is unknown and counts as nothing");
        }
        return lines;
    }

    /// <summary>What happens at a bound, for people.</summary>
    public static string Outcome(Sample sample, UllageLevel level) => level.Kind switch
    {
        LimitKind.Machine => "the machine runs out of memory",
        LimitKind.KernelMemory => $"{sample[level.Row].Path} is refused kernel memory (ENOMEM)",
        _ => $"the OOM killer comes for {sample[level.Row].Path}",
    };

    private static IEnumerable<string> WorkingSet(Sample sample, int row)
    {
        if (UllageReading.WorkingSetOf(sample, row) is long set)
        {
            yield return $"  working set {Amounts.Size(set)} = usage {Amounts.Size(sample.Value(CgroupFields.Usage, row)!.Value)} - inactive page cache "
                + $"{Amounts.Size(sample.Value(CgroupFields.InactiveFile, row)!.Value)}, as kubelet has it";
        }
    }

    private static string Name(Sample sample, UllageLevel level)
    {
        string name = UllageReading.NameOf(sample, level) + level.Kind switch
        {
            LimitKind.MemoryAndSwap => " +swap",
            LimitKind.KernelMemory => " kmem",
            _ => "",
        };
        return name.Length <= MostName ? name : ".." + name[^(MostName - 2)..];
    }

    private static string Pad(long bytes) => Amounts.Size(bytes).PadLeft(7);
}
