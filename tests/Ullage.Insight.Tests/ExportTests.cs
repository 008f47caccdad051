using System.Globalization;
using Ullage.Observe.Metrics;
using Ullage.Recording.Reading;
using Xunit.Abstractions;

namespace Ullage.Insight.Tests;

/// <summary>OpenMetrics of a whole recording: each value with its time.</summary>
public sealed class ExportTests(ITestOutputHelper output)
{
    [Fact]
    public async Task OpenMetricsHasEveryValueOfEverySampleWithItsTime()
    {
        using TempDirectory directory = new();
        string recording = await RecordedAsync(directory);
        (int code, string text, string error) = await Ullages.RunAsync("export", recording);
        code.ShouldBe(0, error);
        (_, string csv, _) = await Ullages.RunAsync("export", recording, "--format", "csv", "--cgroup", "/test1");
        string[] rows = csv.Split('\n', StringSplitOptions.RemoveEmptyEntries)[1..];
        string[] points = [.. text.Split('\n').Where(line => line.StartsWith("container_memory_usage_bytes{id=\"/test1\"} ", StringComparison.Ordinal))];
        points.ShouldBe(rows.Select(row => $"container_memory_usage_bytes{{id=\"/test1\"}} {row.Split(',')[2]} {Seconds(row.Split(',')[0])}"));
        points.Length.ShouldBeGreaterThan(20);
        text.ShouldEndWith("# EOF\n");
        string[] families = [.. text.Split('\n').Where(line => line.StartsWith("# TYPE ", StringComparison.Ordinal))];
        families.ShouldBeUnique();
        families.Length.ShouldBeGreaterThan(50);
    }

    [Fact]
    public async Task PromtoolMakesBlocksOfIt()
    {
        if (Programs.Find("promtool", "prometheus", output) is not string promtool)
        {
            return;
        }
        using TempDirectory directory = new();
        string recording = directory.File("host.ullage");
        (int code, _, string error) = await Ullages.RunAsync("record", "-o", recording, "-i", "100ms", "-c", "12", "--quiet");
        code.ShouldBe(0, error);
        string metrics = directory.File("host.om");
        (code, _, error) = await Ullages.RunAsync("export", recording, "-o", metrics);
        code.ShouldBe(0, error);
        string blocks = directory.File("blocks");
        (code, string said) = await Programs.RunAsync(promtool, "", "tsdb", "create-blocks-from", "openmetrics", metrics, blocks);
        output.WriteLine(said);
        code.ShouldBe(0, said);
        Directory.CreateDirectory(Path.Combine(blocks, "wal")); // which dump looks for, and nobody needs
        (code, said) = await Programs.RunAsync(promtool, "", "tsdb", "dump", "--match={__name__=\"node_memory_MemFree_bytes\"}", blocks);
        code.ShouldBe(0, said);
        string[] dumped = [.. said.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line[(line.IndexOf('}') + 1)..].Trim())];
        dumped.Select(line => double.Parse(line.Split(' ')[0], CultureInfo.InvariantCulture)).ShouldBe(MemFree(recording));
    }

    [Fact]
    public async Task OneMomentHasNoTimestampsAndARangeHasOnlyItsSamples()
    {
        using TempDirectory directory = new();
        string recording = await RecordedAsync(directory);
        (_, string moment, _) = await Ullages.RunAsync("export", recording, "--at", "1s", "--cgroup", "/test1");
        moment.Split('\n').Single(line => line.StartsWith("container_memory_usage_bytes{", StringComparison.Ordinal)).Split(' ').Length.ShouldBe(2);
        moment.ShouldNotContain("node_memory");
        (int code, string range, string error) = await Ullages.RunAsync("export", recording, "--from", "1s", "--until", "1.2s", "--cgroup", "/test1");
        code.ShouldBe(0, error);
        range.Split('\n').Where(line => line.StartsWith("container_memory_usage_bytes{", StringComparison.Ordinal)).Select(line => line.Split(' ')[^1]).ShouldBe(["1.000", "1.100", "1.200"]);
        (code, _, error) = await Ullages.RunAsync("export", recording, "--at", "1s", "--until", "2s");
        code.ShouldBe(2);
        error.ShouldContain("--at is one moment");
        (code, _, error) = await Ullages.RunAsync("export", recording, "--cgroup", "/nosuch");
        code.ShouldBe(3);
        error.ShouldContain("cgroup /nosuch is not in the recording from 0.000s to ");
    }

    [Fact]
    public async Task LittleMemoryGivesTheSameInMorePasses()
    {
        using TempDirectory directory = new();
        string recording = await RecordedAsync(directory);
        int passes = 0;
        string Write(long? most)
        {
            using StringWriter text = new();
            passes = 0;
            new OpenMetricsHistory(selection =>
            {
                passes++;
                return new RecordingSource(RecordingReader.Open(recording), selection: selection);
            }, null, CancellationToken.None, most).Write(text);
            return text.ToString();
        }
        string usual = Write(null);
        passes.ShouldBe(2, "one to count, one to read");
        Write(1).ShouldBe(usual);
        passes.ShouldBeGreaterThan(50);
    }

    private static async Task<string> RecordedAsync(TempDirectory directory)
    {
        string recording = directory.File("oom.ullage");
        (await Ullages.RunAsync("run", "anon-oom", "-o", recording, "-i", "100ms")).Code.ShouldBe(0);
        return recording;
    }

    private static string Seconds(string time) => time.TrimEnd('s');

    private static List<double> MemFree(string recording)
    {
        List<double> values = [];
        using RecordingReader reader = RecordingReader.Open(recording);
        while (reader.MoveNext())
        {
            string line = reader.Files.Read("/proc/meminfo").Text.Split('\n').Single(each => each.StartsWith("MemFree:", StringComparison.Ordinal));
            values.Add(double.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) * 1024);
        }
        return values;
    }
}
