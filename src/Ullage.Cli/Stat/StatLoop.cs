using Ullage.Cli.Terminal;

namespace Ullage.Cli.Stat;

/// <summary>Carries out <c>ullage stat</c>.</summary>
internal sealed class StatLoop(CliConsole console, CliServices services)
{
    public async Task<int> RunAsync(StatRequest request, CancellationToken cancel)
    {
        using IStatSource source = services.StatSource(request);
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
        long began = services.Time.GetTimestamp();
        for (long line = 0; request.Count is not int count || line < count; line++)
        {
            // Counted from the beginning, so that the time of reading does not add up.
            TimeSpan wait = (line * request.Interval) - services.Time.GetElapsedTime(began);
            if (wait > TimeSpan.Zero)
            {
                await Task.Delay(wait, services.Time, cancel).ConfigureAwait(false);
            }
            cancel.ThrowIfCancellationRequested();
            if (source.Read(out string gone) is not StatSample sample)
            {
                return Gone(gone, anyRead: line > 0, request.Format);
            }
            writer.Write(sample);
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
