using System.Globalization;
using System.Text;
using Ullage.Cli.Terminal;
using Ullage.Observe.Readings;
using Ullage.Observe.Sampling;

namespace Ullage.Cli.Pressure;

/// <summary>A line for the machine and one for the cgroup, each interval.</summary>
internal sealed class PressureTableWriter(CliConsole console, bool quiet) : PressureWriter(console)
{
    private const int Columns = 5;
    private const double Stalled = 10;
    private readonly HashSet<string> _explained = [];
    private bool _titled;
    private int _sinceHeader;

    public override void Write(ISampleSource source, Reading reading, int row)
    {
        if (!quiet)
        {
            Titles(source, reading, row);
        }
        bool first = true;
        foreach (StallLine line in Lines(reading, row))
        {
            Write(reading, line, first);
            first = false;
        }
        if (!quiet)
        {
            Notes(reading, row);
        }
    }

    public override int Note(string text)
    {
        Console.WriteLine(text);
        return ExitCodes.Ok;
    }

    private void Titles(ISampleSource source, Reading reading, int row)
    {
        if (!_titled)
        {
            string title = $"memory pressure of {source.Name}{(row >= 0 ? $" (sys) and {reading.Now[row].Path} (cgr)" : "")}, events per second";
            foreach (string line in TextWrap.Lines(title, Console.Width, 2))
            {
                Console.WriteLine(line);
            }
        }
        if (!_titled || (Console.OutIsTerminal && _sinceHeader >= Math.Max(8, Console.Height - 3)))
        {
            Console.WriteLine(Console.Paint("    time who some% full% avg10 direct kswapd refault majflt swapin  cause", Tone.Dim));
            _sinceHeader = 0;
        }
        _titled = true;
    }

    private void Write(Reading reading, StallLine line, bool first)
    {
        StringBuilder text = new();
        text.Append(first ? reading.Now.At.ToString("HH:mm:ss", CultureInfo.InvariantCulture) : "        ").Append(line.Cgroup is null ? " sys" : " cgr");
        text.Append(Percent(line.SomePercent)).Append(Percent(line.FullPercent)).Append(Percent(line.SomeAvg10));
        for (int i = 0; i < Columns; i++)
        {
            text.Append(Rate(line.Rates[i].PerSecond).PadLeft(i == 2 ? 8 : 7));
        }
        bool stalls = line.SomePercent > 0;
        text.Append("  ").Append(Cause(line.Causes, stalls, Math.Max(6, Console.Width - text.Length - 2)));
        Tone tone = line.FullPercent >= Stalled ? Tone.Red : stalls ? Tone.Yellow : Tone.Plain;
        Console.WriteLine(Console.Paint(text.ToString(), tone));
        _sinceHeader++;
    }

    private void Notes(Reading reading, int row)
    {
        foreach (string why in new[] { WhyNot(reading, -1), WhyNot(reading, row) })
        {
            if (why.Length > 0 && _explained.Add(why))
            {
                foreach (string line in TextWrap.Lines($"- pressure unavailable: {why}", Console.Width, 2))
                {
                    Console.WriteLine(Console.Paint(line, Tone.Dim));
                }
            }
        }
    }

    // Whose limit it is only where there is room; all of it is in the machine formats.
    private static string Cause(IReadOnlyList<string> causes, bool stalls, int room)
    {
        string whole = causes.Count > 0 ? string.Join(", ", causes) : stalls ? "?" : "-";
        string words = string.Join(", ", causes.Select(cause => cause.Split(' ')[0]));
        return whole.Length <= room ? whole : words.Length <= room ? words
            : string.Create(CultureInfo.InvariantCulture, $"{causes[0].Split(' ')[0]} +{causes.Count - 1}");
    }

    private static string Percent(double? percent) =>
        (percent is double known ? known.ToString(known >= 99.95 ? "0" : "0.0", CultureInfo.InvariantCulture) : "-").PadLeft(6);

    private static string Rate(double? rate) => rate switch
    {
        null => "-",
        0 => "0",
        < 10 => rate.Value.ToString("0.0", CultureInfo.InvariantCulture),
        < 100_000 => rate.Value.ToString("0", CultureInfo.InvariantCulture),
        < 100_000_000 => (rate.Value / 1e3).ToString("0", CultureInfo.InvariantCulture) + "k",
        _ => (rate.Value / 1e6).ToString("0", CultureInfo.InvariantCulture) + "M",
    };
}
