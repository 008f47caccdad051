using Ullage.Cli.Terminal;

namespace Ullage.Cli.Stat;

/// <summary>Writes samples in one form.</summary>
internal interface IStatWriter
{
    void Write(StatSample sample);

    /// <summary>After the last sample.</summary>
    void End();
}

/// <summary>Chooses the form.</summary>
internal static class StatWriters
{
    public static IStatWriter For(StatRequest request, CliConsole console) => request.Format switch
    {
        StatFormat.Json => new StatJsonWriter(console, lines: false),
        StatFormat.Ndjson => new StatJsonWriter(console, lines: true),
        StatFormat.Csv => new StatCsvWriter(console),
        StatFormat.OpenMetrics => new StatOpenMetricsWriter(console),
        _ => new StatTableWriter(console, request.Verbose, request.Quiet),
    };
}

/// <summary>OpenMetrics: a whole exposition for each sample, as a scrape would get it.</summary>
internal sealed class StatOpenMetricsWriter(CliConsole console) : IStatWriter
{
    public void Write(StatSample sample) => console.Out.Write(sample.OpenMetrics());

    public void End()
    {
    }
}
