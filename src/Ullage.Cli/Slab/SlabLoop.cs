using Ullage.Cli.Sources;
using Ullage.Cli.Terminal;
using Ullage.Cli.Verbs;
using Ullage.Observe.Fields;
using Ullage.Observe.Host;
using Ullage.Observe.Sampling;

namespace Ullage.Cli.Slab;

/// <summary>Carries out <c>ullage slab</c>.</summary>
internal sealed class SlabLoop(CliConsole console, CliServices services, int lines, string sort)
{
    public async Task<int> RunAsync(WatchRequest request, CancellationToken cancel)
    {
        SourceRequest wanted = request.Source with { Depth = 0, NeedsCgroups = request.Cgroup is not null };
        using ISampleSource source = services.Source?.Invoke(wanted) ?? SampleSources.Open(wanted, services);
        CgroupLocation? cgroup = SampleSources.Wanted(request.Source, source.Mounts);
        string path = cgroup is null ? "/proc/slabinfo" : cgroup.Directory.TrimEnd('/') + "/memory.kmem.slabinfo";
        SampleLoop loop = new(services.Time, request.Interval, request.Count);
        SlabWriter writer = SlabWriter.For(request, console, lines);
        Sample sample = new();
        SlabTable? before = null;
        int shown = 0;
        try
        {
            while (loop.WantsMore)
            {
                await loop.WaitAsync(source.IsLive, cancel).ConfigureAwait(false);
                if (!source.Next(sample, out string end))
                {
                    console.WriteError("ullage: " + end);
                    break;
                }
                SlabTable table = SlabTable.Read(source.Files, path, before, sort);
                if (cgroup is not null && sample.RowOf(cgroup.Path) < 0)
                {
                    return shown > 0 ? Gone(cgroup) : throw CliException.NoData($"cgroup {cgroup.Path} is not there any more");
                }
                writer.Write(sample, cgroup is null ? -1 : sample.RowOf(cgroup.Path), table);
                before = table;
                shown++;
            }
        }
        finally
        {
            writer.End();
        }
        return before is { Why.Length: > 0 } && !HasTotals(sample, cgroup) ? ExitCodes.NoData : ExitCodes.Ok;
    }

    private static bool HasTotals(Sample sample, CgroupLocation? cgroup) => cgroup is null
        ? sample.TryGetHost(HostFields.Slab, out _)
        : sample.RowOf(cgroup.Path) is int row and >= 0 && (sample.TryGet(CgroupFields.Slab, row, out _) || sample.TryGet(CgroupFields.Kernel, row, out _));

    private int Gone(CgroupLocation cgroup)
    {
        console.WriteError($"ullage: cgroup {cgroup.Path} was removed");
        return ExitCodes.Ok;
    }
}
