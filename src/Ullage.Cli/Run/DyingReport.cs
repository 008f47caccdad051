using System.Globalization;
using Ullage.Abi;
using Ullage.Abi.Files;
using Ullage.Cli.Terminal;
using Ullage.Lab.Results;
using Ullage.Observe.Dying;

namespace Ullage.Cli.Run;

/// <summary>The zombie ledger at the end of a run: removed cgroups that are still in memory, and how fast they became more.</summary>
internal static class DyingReport
{
    private const double NsPerDay = 86_400e9;

    /// <summary>Its lines; none when nothing is dying.</summary>
    public static IReadOnlyList<string> Lines(RunResult result, IKernelFiles? files, int version)
    {
        if (files is null || result.Target != "model")
        {
            return []; // on the host everything that the run made is gone by now
        }
        DyingLedger ledger = DyingLedger.Read(files, version, version == 1 ? "/sys/fs/cgroup/memory" : "/sys/fs/cgroup");
        if (ledger.Dying.Value is not > 0)
        {
            return [];
        }
        List<string> lines =
        [
            $"{Amounts.Count(ledger.Dying.Value.Value, "removed cgroup")} still in memory, beside {Amounts.Count(ledger.Living, "living one")}",
            "they hold " + string.Join(", ", Kinds(ledger)),
        ];
        if (Growth(result) is { } perDay)
        {
            lines.Add(string.Create(CultureInfo.InvariantCulture, $"they became {perDay:+0;-0;0} a day more over the samples"));
        }
        return lines;
    }

    private static IEnumerable<string> Kinds(DyingLedger ledger)
    {
        yield return Part("anonymous", ledger.AnonBytes);
        yield return Part("page cache", ledger.FileBytes);
        yield return Part("of it shared memory", ledger.ShmemBytes);
        yield return Part("slab", ledger.SlabBytes);
        yield return Part("Percpu of the machine", ledger.PercpuBytes);
    }

    private static string Part(string name, Observe.Sampling.Measured bytes) =>
        bytes.Value is { } value ? $"{Amounts.Size(value)} {name}" : $"{name} unavailable ({bytes.Why})";

    /// <summary>From the first and last sample of /proc/cgroups; null when it was not sampled.</summary>
    private static double? Growth(RunResult result)
    {
        (long TNs, long Count)? first = null;
        (long TNs, long Count)? last = null;
        foreach (SampleResult sample in result.Samples)
        {
            foreach ((string path, string text) in sample.Files)
            {
                if (path == "/proc/cgroups" && ProcCgroups.TryParse(text, out ProcCgroups? cgroups, out _) && cgroups["memory"] is { } row)
                {
                    first ??= (sample.TNs, row.NumCgroups);
                    last = (sample.TNs, row.NumCgroups);
                }
            }
        }
        return first is { } a && last is { } b && b.TNs > a.TNs ? (b.Count - a.Count) / ((b.TNs - a.TNs) / NsPerDay) : null;
    }
}
