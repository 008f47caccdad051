using System.Globalization;
using Ullage.Abi;
using Ullage.Abi.Files;
using Ullage.Abi.Units;
using Ullage.Cli.Sources;
using Ullage.Cli.Terminal;
using Ullage.Observe.Fields;
using Ullage.Observe.Readings;
using Ullage.Observe.Sampling;

namespace Ullage.Cli.Top;

/// <summary>Tells one cgroup's story: what it holds, what binds it, what happens to it, who is in it.</summary>
internal sealed class TopStory(Reading reading, ISampleSource source)
{
    private const int BarWidth = 40;
    private const int MostProcesses = 64;
    private const int ShownProcesses = 4;

    private Sample Now => reading.Now;

    public IEnumerable<ScreenLine> Lines(int row, int width)
    {
        if (row < 0)
        {
            return [new ScreenLine("there is no cgroup to tell about")];
        }
        return
        [
            new(Head(row)), .. Kinds(row), new(""),
            .. UllageText.Explain(Now, row).Select(line => new ScreenLine(line)), .. Trend(row), new(""),
            .. Happenings(row, width), .. Processes(row, width),
        ];
    }

    private string Head(int row)
    {
        string limit = Now.Value(CgroupFields.Limit, row) switch
        {
            null => "limit unknown",
            Sample.Unlimited => "no limit of its own",
            long bytes => $"of {Amounts.Size(bytes)}",
        };
        string growth = reading.Rate(CgroupFields.Usage, row) is double rate ? $", {(rate < 0 ? "-" : "+")}{Amounts.Size((long)Math.Abs(rate))}/s" : "";
        string peak = Now.Value(CgroupFields.Peak, row) is long most ? $", peak {Amounts.Size(most)}" : "";
        return $"{Now[row].Path} (cgroup v{Now.Version}): {TopColumn.Bytes(Now.Value(CgroupFields.Usage, row))} {limit}{peak}{growth}";
    }

    private IEnumerable<ScreenLine> Kinds(int row)
    {
        (string, Field, string)[] kinds =
        [
            ("anon", CgroupFields.Anon, Part("in huge pages", CgroupFields.AnonThp, row)),
            ("file", CgroupFields.File, Part("dirty", CgroupFields.FileDirty, row) + Part("tmpfs", CgroupFields.Shmem, row) + Part("mapped", CgroupFields.FileMapped, row)),
            ("kernel", CgroupFields.Kernel, Part("slab", CgroupFields.Slab, row) + Part("page tables", CgroupFields.Pagetables, row)),
            ("sock", CgroupFields.Sock, ""),
            ("swap", CgroupFields.Swap, "not part of usage"),
        ];
        long usage = Math.Max(1, Now.Value(CgroupFields.Usage, row) ?? 1);
        foreach ((string name, Field field, string parts) in kinds)
        {
            if (Now.Value(field, row) is long bytes && (bytes > 0 || name is "anon" or "file" or "kernel"))
            {
                int bar = name == "swap" ? 0 : (int)Math.Clamp((BarWidth * bytes) / usage, 0, BarWidth);
                yield return new ScreenLine($"  {name,-7}{Amounts.Size(bytes),8}  {new string('#', bar)}{(bar > 0 && parts.Length > 0 ? "  " : "")}{parts.TrimEnd(',', ' ')}");
            }
        }
    }

    private string Part(string name, Field field, int row) => Now.Value(field, row) is long bytes and > 0 ? $"{name} {Amounts.Size(bytes)}, " : "";

    // The growth of what cannot be reclaimed, not of usage: page cache fills up and that is no danger.
    private IEnumerable<ScreenLine> Trend(int row)
    {
        if (reading.RowBefore(row) is not (int before and >= 0))
        {
            yield break;
        }
        UllageReading now = UllageReading.Of(Now, row);
        UllageReading then = UllageReading.Of(reading.Before, before);
        if (now.Bytes is long left && then.Bytes is long had && had > left && now.Binding.Kind == then.Binding.Kind)
        {
            double perSecond = (had - left) / reading.Seconds;
            yield return new ScreenLine($"  it shrinks by {Amounts.Size((long)perSecond)}/s: at this rate {Amounts.Time((long)(left / perSecond * 1e9))} are left", Tone.Yellow);
        }
    }

    private IEnumerable<ScreenLine> Happenings(int row, int width)
    {
        bool v1 = Now.Version == 1;
        Field hits = v1 ? CgroupFields.Failcnt : CgroupFields.EventsMax;
        string high = v1 ? "" : $"; above high {Count(CgroupFields.EventsHigh, row)}";
        string reclaim = v1 ? "" : $"scanned {Rate(CgroupFields.Pgscan, row)}/s, taken {Rate(CgroupFields.Pgsteal, row)}/s, ";
        string pressure = !Now.TryGet(CgroupFields.PressureSomeAvg10, row, out _) ? "not told (" + (v1 ? "cgroup v1" : "no PSI") + ")" : $"some {TopColumn.Percent(Now.Value(CgroupFields.PressureSomeAvg10, row))} full "
            + $"{TopColumn.Percent(Now.Value(CgroupFields.PressureFullAvg10, row))} % of the last 10 s";
        string[] lines =
        [
            $"events: limit met {Count(hits, row)}{high}; OOM kills {Count(CgroupFields.OomKill, row)}",
            $"reclaim: {reclaim}refaults {Rate(CgroupFields.RefaultFile, row)}/s, major faults {Rate(CgroupFields.Pgmajfault, row)}/s",
            $"pressure: {pressure}",
        ];
        return lines.SelectMany(line => TextWrap.Lines(line, width, 2)).Select(line => new ScreenLine(line));
    }

    private string Rate(Field field, int row) => TopColumn.Rate(reading.Rate(field, row));

    private string Count(Field field, int row)
    {
        string total = Now.Value(field, row)?.ToString(CultureInfo.InvariantCulture) ?? "-";
        return reading.Change(field, row) is long more and > 0 ? string.Create(CultureInfo.InvariantCulture, $"{total} (+{more})") : total;
    }

    private IEnumerable<ScreenLine> Processes(int row, int width)
    {
        KernelRead read = source.Files.Read(Now[row].Directory.TrimEnd('/') + "/cgroup.procs");
        if (!read.Ok || !PidList.TryParse(read.Text, out PidList? list, out _))
        {
            return [new ScreenLine($"processes: unavailable (cgroup.procs: {read.Errno})", Tone.Dim)];
        }
        List<(long Bytes, string Text)> found = [];
        foreach (int pid in list.Pids.Take(MostProcesses))
        {
            string at = string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/");
            long bytes = Statm.TryParse(source.Files.Read(at + "statm").Text, out Statm? statm, out _) ? statm.Resident * KernelConstants.PageSize : 0;
            found.Add((bytes, string.Create(CultureInfo.InvariantCulture, $"{pid} {source.Files.Read(at + "comm").Text.Trim()} {Amounts.Size(bytes)}")));
        }
        string largest = string.Join(", ", found.OrderByDescending(each => each.Bytes).Take(ShownProcesses).Select(each => each.Text));
        string text = $"processes here: {list.Pids.Count.ToString(CultureInfo.InvariantCulture)}{(largest.Length > 0 ? $"; largest resident: {largest}" : "")}";
        return TextWrap.Lines(text, width, 2).Select(line => new ScreenLine(line));
    }
}
