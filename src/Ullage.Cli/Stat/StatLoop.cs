using Ullage.Cli.Sources;
using Ullage.Cli.Terminal;

namespace Ullage.Cli.Stat;

/// <summary>Carries out <c>ullage stat</c>.</summary>
internal sealed class StatLoop(CliConsole console, CliServices services)
{
    public async Task<int> RunAsync(StatRequest request, CancellationToken cancel)
    {
        using IStatSource source = services.StatSource?.Invoke(request) ?? StatSource.Open(request, services);
        IStatWriter writer = StatWriters.For(request, console);
        try
        {
            return await LinesAsync(request, source, writer, cancel).ConfigureAwait(false);
        }
        finally
        {
            writer.End();
        }
    }

    private async Task<int> LinesAsync(StatRequest request, IStatSource source, IStatWriter writer, CancellationToken cancel)
    {
        SampleLoop loop = new(services.Time, request.Interval, request.Count);
        bool any = false;
        while (loop.WantsMore)
        {
            await loop.WaitAsync(source.IsLive, cancel).ConfigureAwait(false);
            if (source.Read(out string gone) is not StatSample sample)
            {
                return Gone(gone, any, request.Format);
            }
            writer.Write(sample);
            any = true;
        }
        return ExitCodes.Ok;
    }

    private int Gone(string gone, bool anyRead, StatFormat format)
    {
        if (!anyRead)
        {
            throw CliException.NoData(gone);
        }
        if (format == StatFormat.Table)
        {
            console.WriteLine(gone);
        }
        else
        {
            console.WriteError("ullage: " + gone);
        }
        return ExitCodes.Ok;
    }
}
