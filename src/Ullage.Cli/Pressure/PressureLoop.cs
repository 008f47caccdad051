using Ullage.Cli.Sources;
using Ullage.Cli.Terminal;
using Ullage.Cli.Verbs;
using Ullage.Observe.Host;
using Ullage.Observe.Readings;
using Ullage.Observe.Sampling;

namespace Ullage.Cli.Pressure;

/// <summary>Carries out <c>ullage pressure</c>: the first reading is the one that the next is compared with.</summary>
internal sealed class PressureLoop(CliConsole console, CliServices services)
{
    public async Task<int> RunAsync(WatchRequest request, CancellationToken cancel)
    {
        // Whose limit it is can only be told by looking at all cgroups.
        SourceRequest wanted = request.Source with { Cgroup = null, Depth = null, NeedsCgroups = request.Cgroup is not null };
        using ISampleSource source = services.Source?.Invoke(wanted) ?? SampleSources.Open(wanted, services);
        CgroupLocation? cgroup = SampleSources.Wanted(request.Source, source.Mounts);
        PressureWriter writer = PressureWriter.For(request, console);
        try
        {
            return await LinesAsync(request, source, cgroup, writer, cancel).ConfigureAwait(false);
        }
        finally
        {
            writer.End();
        }
    }

    private async Task<int> LinesAsync(WatchRequest request, ISampleSource source, CgroupLocation? cgroup, PressureWriter writer, CancellationToken cancel)
    {
        SampleLoop loop = new(services.Time, request.Interval, request.Count + 1);
        Reading reading = new();
        while (loop.WantsMore)
        {
            await loop.WaitAsync(source.IsLive, cancel).ConfigureAwait(false);
            if (!reading.Advance(source, out string end))
            {
                return writer.Note(end);
            }
            int row = cgroup is null ? -1 : reading.Now.RowOf(cgroup.Path);
            if (cgroup is not null && row < 0)
            {
                return reading.HasBefore ? writer.Note($"cgroup {cgroup.Path} was removed") : throw CliException.NoData($"cgroup {cgroup.Path} is not there any more");
            }
            if (reading.HasBefore)
            {
                writer.Write(source, reading, row);
            }
        }
        return ExitCodes.Ok;
    }
}
