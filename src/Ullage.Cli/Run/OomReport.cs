using System.Globalization;
using System.Text.RegularExpressions;
using Ullage.Lab.Results;

namespace Ullage.Cli.Run;

/// <summary>What an out-of-memory report in the kernel log says. Null = the report does not say. Sizes are bytes.</summary>
internal sealed class OomReport
{
    /// <summary>The cgroup whose limit was reached; null when the whole machine ran out of memory.</summary>
    public string? Cgroup { get; set; }
    public long? UsageBytes { get; set; }
    public long? LimitBytes { get; set; }
    /// <summary>Kernel memory of the cgroup.</summary>
    public long? KernelBytes { get; set; }
    public long? PageTableBytes { get; set; }
    public long? SlabBytes { get; set; }
    public long? KernelStackBytes { get; set; }
    /// <summary>True when memory.oom.group made it kill the whole cgroup.</summary>
    public bool WholeGroup { get; set; }
    public List<(int Pid, string Name)> Victims { get; } = [];
}

/// <summary>Reads reports line by line (spec §8.5). Lines that belong to none pass by.</summary>
internal sealed partial class OomReportParser
{
    public List<OomReport> Reports { get; } = [];

    /// <summary>True when the last line was the one with usage and limit.</summary>
    public bool JustReadUsage { get; private set; }

    public static List<OomReport> ReadAll(IEnumerable<DmesgLine> lines)
    {
        OomReportParser parser = new();
        foreach (DmesgLine line in lines)
        {
            parser.Read(line);
        }
        return parser.Reports;
    }

    /// <summary>Takes a line; answers the report it belongs to, or null before the first.</summary>
    public OomReport? Read(DmesgLine line)
    {
        JustReadUsage = false;
        if (line.Text.Contains(" invoked oom-killer: ", StringComparison.Ordinal))
        {
            Reports.Add(new OomReport());
        }
        if (Reports.Count > 0)
        {
            ReadInto(Reports[^1], line.Text.Trim());
        }
        return Reports.Count > 0 ? Reports[^1] : null;
    }

    private void ReadInto(OomReport report, string text)
    {
        if (UsageLine().Match(text) is { Success: true } usage)
        {
            ReadUsage(report, usage);
        }
        else if (LimitOf().Match(text) is { Success: true } old)
        {
            report.Cgroup = old.Groups["cgroup"].Value;
        }
        else if (OomMemcg().Match(text) is { Success: true } memcg)
        {
            report.Cgroup = memcg.Groups["cgroup"].Value;
        }
        else if (Killed().Match(text) is { Success: true } killed)
        {
            int pid = int.Parse(killed.Groups["pid"].Value, CultureInfo.InvariantCulture);
            if (!report.Victims.Exists(victim => victim.Pid == pid))
            {
                report.Victims.Add((pid, killed.Groups["name"].Value));
            }
        }
        else if (text.EndsWith("due to memory.oom.group set", StringComparison.Ordinal))
        {
            report.WholeGroup = true;
        }
        else if (StatLine().Match(text) is { Success: true } stat)
        {
            ReadStat(report, stat.Groups["field"].Value, long.Parse(stat.Groups["bytes"].Value, CultureInfo.InvariantCulture));
        }
    }

    private void ReadUsage(OomReport report, Match usage)
    {
        long usedBytes = long.Parse(usage.Groups["used"].Value, CultureInfo.InvariantCulture) * 1024;
        if (usage.Groups["counter"].Value == "kmem")
        {
            report.KernelBytes = usedBytes;
            return;
        }
        report.UsageBytes = usedBytes;
        report.LimitBytes = long.Parse(usage.Groups["limit"].Value, CultureInfo.InvariantCulture) * 1024;
        JustReadUsage = true;
    }

    private static void ReadStat(OomReport report, string field, long bytes)
    {
        switch (field)
        {
            case "kernel": report.KernelBytes = bytes; break;
            case "pagetables": report.PageTableBytes = bytes; break;
            case "slab": report.SlabBytes = bytes; break;
            case "kernel_stack": report.KernelStackBytes = bytes; break;
            default: break;
        }
    }

    [GeneratedRegex(@"^(?<counter>memory|kmem): usage (?<used>\d+)kB, limit (?<limit>\d+)kB, failcnt \d+$", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex UsageLine();

    [GeneratedRegex(@"^Task in \S+ killed as a result of limit of (?<cgroup>\S+)$", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex LimitOf();

    [GeneratedRegex(@"^oom-kill:constraint=CONSTRAINT_MEMCG,.*oom_memcg=(?<cgroup>[^,]+),", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex OomMemcg();

    [GeneratedRegex(@"Killed process (?<pid>\d+) \((?<name>.*?)\)[ ,]", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Killed();

    [GeneratedRegex(@"^(?<field>kernel|pagetables|slab|kernel_stack) (?<bytes>\d+)$", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex StatLine();
}
