using Ullage.Cli.Terminal;
using Ullage.Cli.Verbs;
using Ullage.Observe.Fields;
using Ullage.Observe.Metrics;
using Ullage.Observe.Readings;
using Ullage.Observe.Sampling;

namespace Ullage.Cli.Pressure;

/// <summary>Writes intervals in one form.</summary>
internal abstract class PressureWriter(CliConsole console)
{
    protected CliConsole Console { get; } = console;

    public static PressureWriter For(WatchRequest request, CliConsole console) => request.Format switch
    {
        "json" => new PressureJsonWriter(console, lines: false),
        "ndjson" => new PressureJsonWriter(console, lines: true),
        "csv" => new PressureCsvWriter(console),
        "openmetrics" => new PressureOpenMetricsWriter(console),
        _ => new PressureTableWriter(console, request.Quiet),
    };

    /// <summary>One interval.</summary>
    /// <param name="source">Where it is from.</param>
    /// <param name="reading">Its end, and its beginning.</param>
    /// <param name="row">The cgroup; -1 = only the machine.</param>
    public abstract void Write(ISampleSource source, Reading reading, int row);

    /// <summary>After the last.</summary>
    public virtual void End()
    {
    }

    /// <summary>Says why there is no more; the exit code.</summary>
    public virtual int Note(string text)
    {
        Console.WriteError("ullage: " + text);
        return ExitCodes.Ok;
    }

    /// <summary>The lines to show.</summary>
    protected static IEnumerable<StallLine> Lines(Reading reading, int row)
    {
        yield return StallLine.OfMachine(reading);
        if (row >= 0)
        {
            yield return StallLine.OfCgroup(reading, row);
        }
    }

    /// <summary>Why pressure is not there; empty when it is.</summary>
    protected static string WhyNot(Reading reading, int row) =>
        row >= 0 ? reading.Now.Why(CgroupFields.PressureSomeTotal, row) : reading.Now.GetHost(HostFields.MemorySomeTotal).Why ?? "";

    /// <summary>OpenMetrics has the counters themselves: whoever scrapes takes the differences.</summary>
    private sealed class PressureOpenMetricsWriter(CliConsole console) : PressureWriter(console)
    {
        public override void Write(ISampleSource source, Reading reading, int row) =>
            Console.Out.Write(OpenMetricsText.Write(reading.Now, row >= 0 ? row : reading.Now.Count > 0 ? 0 : null));
    }
}
