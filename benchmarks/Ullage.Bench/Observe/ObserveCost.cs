using System.Globalization;
using Ullage.Observe.Host;
using Ullage.Observe.Sampling;

namespace Ullage.Bench.Observe;

/// <summary>
/// <c>./bench --observe</c>: what a sample of 500 cgroups costs beside a plain C program that reads the same files, round by round in one run, and what whole programs
/// cost beside each other. Needs root: it makes cgroups of its own, and removes them.
/// </summary>
internal static class ObserveCost
{
    private const int Groups = 500;
    private const int Rounds = 15;
    private const int SamplesPerRound = 20;
    private const double NsPerMs = 1e6;

    public static int Run()
    {
        HostFiles host = new();
        CgroupMounts mounts = CgroupMounts.Find(host);
        using BenchTree? tree = BenchTree.Make(host, mounts, Groups, out string why);
        if (tree is null)
        {
            Console.WriteLine($"skipped: {why}");
            return 0;
        }
        // Only its own: cgroups that come and go beside them would cost what a new cgroup costs.
        using SamplerSource source = new("this host", host, mounts, new SampleSelection { Path = tree.Path });
        Sample sample = new();
        source.Next(sample, out _);
        using PlainReader? plain = PlainReader.Start(sample, mounts, host, out why);
        if (plain is null)
        {
            Console.WriteLine($"skipped: {why}");
            return 0;
        }
        using RecorderCost recorder = new(host, mounts);
        Paired(source, sample, plain, recorder);
        Whole();
        return 0;
    }

    private static void Paired(SamplerSource source, Sample sample, PlainReader plain, RecorderCost recorder)
    {
        List<double> ours = [], theirs = [], ratios = [], recorded = [], recordedRatios = [];
        long allocated = 0;
        for (int round = -2; round < Rounds; round++)
        {
            double c = plain.Measure(SamplesPerRound) / (SamplesPerRound * NsPerMs);
            long before = GC.GetAllocatedBytesForCurrentThread();
            double us = Time(source, sample);
            long after = GC.GetAllocatedBytesForCurrentThread();
            double written = recorder.Measure(SamplesPerRound) / (SamplesPerRound * NsPerMs);
            if (round < 0)
            {
                continue; // both warm up
            }
            allocated = Math.Max(allocated, after - before);
            theirs.Add(c);
            ours.Add(us);
            ratios.Add(us / c);
            recorded.Add(written);
            recordedRatios.Add(written / c);
        }
        double median = Median(ours);
        Line($"cgroups {sample.Count}, files read for a sample {plain.Files}, {Rounds} pairs of {SamplesPerRound} samples");
        Line($"");
        Line($"| | CPU ms per sample, median (least to most) | of one core at 5 s |");
        Line($"| --- | --- | --- |");
        Line($"| C, kept descriptors, reads only | {Spread(theirs)} | {Median(theirs) / 5000:0.00%} |");
        Line($"| Ullage, reads and parses | {Spread(ours)} | {median / 5000:0.00%} |");
        Line($"| ratio of the pairs | {Spread(ratios)} | |");
        Line($"| `record`: reads, finds what changed, compresses, writes | {Spread(recorded)} | {Median(recorded) / 5000:0.00%} |");
        Line($"| ratio of the pairs | {Spread(recordedRatios)} | |");
        Line($"");
        Line($"allocated per sample: {allocated / SamplesPerRound} bytes");
    }

    private static void Whole()
    {
        string program = Path.Combine(AppContext.BaseDirectory, "ullage.dll");
        const int Seconds = 10;
        const int Recorded = 60; // a block, so that its beginning is in it once
        string recording = Path.Combine(Path.GetTempPath(), $"ullage-bench-{Environment.ProcessId.ToString(CultureInfo.InvariantCulture)}.ullage");
        string count = (Seconds + 1).ToString(CultureInfo.InvariantCulture);
        ToolCost[] costs =
        [
            OtherTools.Run("ullage top -b 1 1 (start-up)", "dotnet", program, "top", "-b", "1", "1"),
            OtherTools.Run($"ullage top -b 1 {count}", "dotnet", program, "top", "-b", "1", count),
            OtherTools.Run("systemd-cgtop -b -n 2 -d 1 -m", "systemd-cgtop", "-b", "-n", "2", "-d", "1", "-m"),
            OtherTools.Run("systemd-cgtop -b -n 12 -d 1 -m", "systemd-cgtop", "-b", "-n", "12", "-d", "1", "-m"),
            OtherTools.Run("ullage record -i 1s -c 21 (start-up and warm-up)", "dotnet", program, "record", "-o", recording, "-i", "1s", "-c", "21"),
            OtherTools.Run($"ullage record -i 1s -c {21 + Recorded}", "dotnet", program, "record", "-o", recording, "-i", "1s", "-c", (21 + Recorded).ToString(CultureInfo.InvariantCulture)),
        ];
        long recorded = File.Exists(recording) ? new FileInfo(recording).Length : 0;
        File.Delete(recording);
        costs = [.. costs, NodeExporter.Measure(10)];
        Line($"");
        Line($"| program | CPU s in all | largest resident |");
        Line($"| --- | --- | --- |");
        foreach (ToolCost cost in costs)
        {
            FormattableString measured = $"| {cost.Name} | {cost.CpuSeconds:0.00} | {cost.MaxRssKb / 1024.0:0.0} MB |";
            Line(cost.Why.Length > 0 ? $"| {cost.Name} | skipped: {cost.Why} | |" : measured);
        }
        EachSecond(costs, Seconds);
        if (costs[4].Why.Length == 0 && costs[5].Why.Length == 0)
        {
            double sample = (costs[5].CpuSeconds - costs[4].CpuSeconds) / Recorded;
            Line($"ullage record, each sample after the first 21, with its timers: {sample * 1000:0.0} ms, at 5 s {sample / 5:0.00%} of a core; {recorded / 1024.0:0} KiB for {21 + Recorded} samples");
        }
    }

    private static void EachSecond(ToolCost[] costs, int seconds)
    {
        if (costs[0].Why.Length == 0 && costs[1].Why.Length == 0)
        {
            Line($"");
            Line($"ullage top, each second after its start: {(costs[1].CpuSeconds - costs[0].CpuSeconds) / seconds:0.0%} of a core");
        }
        if (costs[2].Why.Length == 0 && costs[3].Why.Length == 0)
        {
            Line($"systemd-cgtop, each second after its start: {(costs[3].CpuSeconds - costs[2].CpuSeconds) / seconds:0.0%} of a core");
        }
    }

    private static double Time(SamplerSource source, Sample sample)
    {
        long began = OtherTools.ThreadCpuNs();
        for (int i = 0; i < SamplesPerRound; i++)
        {
            source.Next(sample, out _);
        }
        return (OtherTools.ThreadCpuNs() - began) / (SamplesPerRound * NsPerMs);
    }

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);

    private static string Spread(List<double> values) => string.Create(CultureInfo.InvariantCulture, $"{Median(values):0.00} ({values.Min():0.00} to {values.Max():0.00})");

    private static void Line(FormattableString text) => Console.WriteLine(FormattableString.Invariant(text));
}
