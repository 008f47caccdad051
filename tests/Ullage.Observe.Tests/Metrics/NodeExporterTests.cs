using System.Diagnostics;
using System.Globalization;
using Ullage.Observe.Host;
using Ullage.Observe.Metrics;
using Ullage.Observe.Sampling;
using Xunit.Abstractions;

namespace Ullage.Observe.Tests.Metrics;

/// <summary>Names and values of the machine's metrics beside those of a real node_exporter that looked at the same moment.</summary>
public sealed class NodeExporterTests(ITestOutputHelper output)
{
    private const string Address = "127.0.0.1:19101";

    [Fact]
    public async Task ValuesAreThoseOfNodeExporterAtTheSameMoment()
    {
        string program = Environment.GetEnvironmentVariable("NODE_EXPORTER") ?? "prometheus-node-exporter";
        using Process? exporter = Start(program);
        if (exporter is null)
        {
            output.WriteLine($"skipped: {program} is not installed (Debian: prometheus-node-exporter), or set NODE_EXPORTER");
            return;
        }
        try
        {
            using HttpClient client = new();
            string? first = await ScrapeAsync(client);
            if (first is null)
            {
                output.WriteLine($"skipped: {program} does not answer on {Address}");
                return;
            }
            HostFiles host = new();
            Dictionary<string, double> before = Ours(host);
            Dictionary<string, double> theirs = Values((await ScrapeAsync(client))!);
            Dictionary<string, double> after = Ours(host);
            Compare(before, theirs, after);
        }
        finally
        {
            exporter.Kill();
            await exporter.WaitForExitAsync();
        }
    }

    private void Compare(Dictionary<string, double> before, Dictionary<string, double> theirs, Dictionary<string, double> after)
    {
        int equal = 0, between = 0;
        foreach ((string name, double then) in before.Where(each => each.Key.StartsWith("node_", StringComparison.Ordinal)))
        {
            theirs.ShouldContainKey(name, "node_exporter knows the name");
            bool counter = name.StartsWith("node_vmstat_", StringComparison.Ordinal) || name.EndsWith("_total", StringComparison.Ordinal);
            if (then.Equals(after[name]))
            {
                // What did not move between our two samples was the same in between, or a gauge that came back.
                (counter ? Math.Abs(theirs[name] - then) < 1e-5 : true).ShouldBeTrue($"{name}: {then} here, {theirs[name]} there");
                equal += Math.Abs(theirs[name] - then) < 1e-5 ? 1 : 0;
            }
            else if (counter)
            {
                theirs[name].ShouldBeInRange(then - 1e-5, after[name] + 1e-5, name);
                between++;
            }
        }
        output.WriteLine($"{equal} equal, {between} counters that moved lie between the samples before and after");
        equal.ShouldBeGreaterThan(20);
    }

    private static Dictionary<string, double> Ours(HostFiles host) => Values(OpenMetricsText.Write(Samples.Of(host, new SampleSelection { Depth = 0 })));

    private static Dictionary<string, double> Values(string text)
    {
        Dictionary<string, double> values = new(StringComparer.Ordinal);
        foreach (string line in text.Split('\n'))
        {
            int blank = line.LastIndexOf(' ');
            if (line.StartsWith("node_", StringComparison.Ordinal) && !line.Contains('{', StringComparison.Ordinal)
                && double.TryParse(line.AsSpan(blank + 1), CultureInfo.InvariantCulture, out double value))
            {
                values[line[..blank]] = value;
            }
        }
        return values;
    }

    private static async Task<string?> ScrapeAsync(HttpClient client)
    {
        for (int tries = 0; tries < 50; tries++)
        {
            try
            {
                return await client.GetStringAsync($"http://{Address}/metrics");
            }
            catch (HttpRequestException)
            {
                await Task.Delay(100);
            }
        }
        return null;
    }

    private static Process? Start(string program)
    {
        try
        {
            return Process.Start(new ProcessStartInfo(program,
                [$"--web.listen-address={Address}", "--collector.disable-defaults", "--collector.meminfo", "--collector.vmstat", "--collector.vmstat.fields=.*", "--collector.pressure"]));
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null;
        }
    }
}
