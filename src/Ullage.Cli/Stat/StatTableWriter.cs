using System.Globalization;
using System.Text;
using Ullage.Abi.Units;
using Ullage.Cli.Terminal;
using Ullage.Observe.Readings;

namespace Ullage.Cli.Stat;

/// <summary>One line per sample in columns of fixed width, so that lines of different times stand below each other.</summary>
internal sealed class StatTableWriter(CliConsole console, bool verbose, bool quiet = false) : IStatWriter
{
    private const double CloseToLimit = 0.05;
    private readonly HashSet<string> _explained = [];
    private StatSample? _before;
    private int _sinceHeader;

    public void Write(StatSample sample)
    {
        if (!quiet)
        {
            Titles(sample);
        }
        (char mark, Tone tone) = Mark(sample);
        console.WriteLine(console.Paint($"{Line(sample)} {mark}".TrimEnd(), tone));
        _sinceHeader++;
        foreach (string line in sample.Explanation)
        {
            console.WriteLine(console.Paint(line, Tone.Dim));
        }
        if (!quiet)
        {
            Footnotes(sample);
        }
        _before = sample;
    }

    private void Titles(StatSample sample)
    {
        if (_before is null || TitleOf(_before) != TitleOf(sample))
        {
            foreach (string line in TextWrap.Lines(TitleOf(sample), console.Width, 2))
            {
                console.WriteLine(line);
            }
            Header(sample);
        }
        else if (console.OutIsTerminal && _sinceHeader >= Math.Max(8, console.Height - 3))
        {
            Header(sample);
        }
    }

    public void End()
    {
    }

    private static string TitleOf(StatSample sample)
    {
        string name = $"{sample.Cgroup} (cgroup v{sample.Version})";
        string kind = sample.BindingKind switch
        {
            LimitKind.MemoryAndSwap => "limit of memory and swap",
            LimitKind.KernelMemory => "limit of kernel memory",
            _ => "limit",
        };
        return sample switch
        {
            { BindingCgroup: null } => name,
            { BindingCgroup: StatSample.Machine } => $"{name}: ullage is to what the machine has, no limit is nearer",
            _ when sample.BindingCgroup == sample.Cgroup => $"{name}: ullage is to its own {kind}",
            _ => $"{name}: ullage is to {sample.BindingCgroup}, whose {kind} of {Amounts.Limit(sample.BindingLimitBytes)} is reached first",
        };
    }

    private void Header(StatSample sample)
    {
        string events = sample.Version == 1 ? "  failcnt" : "     max oom_kill";
        console.WriteLine(console.Paint("    time  usage  limit ullage   anon   file kernel   swap" + events, Tone.Dim));
        _sinceHeader = 0;
    }

    private static string Line(StatSample sample)
    {
        StringBuilder line = new();
        line.Append(sample.At.ToString("HH:mm:ss", CultureInfo.InvariantCulture));
        Add(Size(sample.UsageBytes));
        Add(LimitText(sample.Limit));
        Add(Size(sample.UllageBytes));
        Add(Size(sample.AnonBytes));
        Add(Size(sample.FileBytes));
        Add(Size(sample.KernelBytes));
        Add(Size(sample.SwapBytes));
        if (sample.Version == 1)
        {
            line.Append(Number(sample.Failcnt).PadLeft(9));
        }
        else
        {
            line.Append(Number(sample.MaxEvents).PadLeft(8)).Append(Number(sample.OomKills).PadLeft(9));
        }
        return line.ToString();

        void Add(string text) => line.Append(text.PadLeft(7));
    }

    // Killed, then close to the limit, then reclaiming: the first that holds.
    private (char Mark, Tone Tone) Mark(StatSample sample)
    {
        if (_before is not null && sample.OomKills > _before.OomKills)
        {
            return ('x', Tone.Magenta);
        }
        if (sample.UllageBytes is long left && sample.BindingLimitBytes is long limit && left < CloseToLimit * limit)
        {
            return ('!', Tone.Red);
        }
        bool hit = _before is not null && (sample.Failcnt > _before.Failcnt || sample.MaxEvents > _before.MaxEvents);
        return hit ? ('*', Tone.Yellow) : (' ', Tone.Plain);
    }

    // Each reason once: the first of them always, all of them with -v.
    private void Footnotes(StatSample sample)
    {
        List<string> reasons = [.. sample.Unavailable.Select(each => $"- {each.Key} unavailable: {each.Value}").Where(_explained.Add)];
        if (reasons.Count == 0)
        {
            return;
        }
        string more = reasons.Count > 1 && !verbose ? $" (and {Amounts.Count(reasons.Count - 1, "more field")}: -v says why)" : "";
        foreach (string reason in verbose ? reasons : reasons.Take(1))
        {
            foreach (string line in TextWrap.Lines(reason + more, console.Width, 2))
            {
                console.WriteLine(console.Paint(line, Tone.Dim));
            }
        }
    }

    private static string Size(long? bytes) => bytes is long known ? Amounts.Size(known) : "-";

    private static string LimitText(Limit? limit) => limit is Limit known ? Amounts.Limit(known.Bytes) : "-";

    private static string Number(long? value) => value?.ToString(CultureInfo.InvariantCulture) ?? "-";
}
