using System.Diagnostics;
using System.Globalization;
using System.Net.Http;
using System.Net.Sockets;
using System.Text;
using Xunit.Abstractions;

namespace Ullage.Insight.Tests;

public sealed class MetricsTests(ITestOutputHelper output)
{
    [Fact]
    public async Task PromtoolParsesMetricsAndComplainsOnlyOfNamesThatNodeExporterHasToo()
    {
        if (Programs.Find("promtool", "prometheus", output) is not string promtool)
        {
            return;
        }
        string[]? theirs = await ComplaintsOfNodeExporterAsync(promtool);
        await Ullages.ServeAsync([], async address =>
        {
            using HttpClient client = new();
            string metrics = await client.GetStringAsync(new Uri(address, "metrics"));
            (int code, string said) = await Programs.RunAsync(promtool, metrics, "check", "metrics");
            code.ShouldBe(3, $"parsed, with complaints of its linter: {said}");
            string[] ours = Lines(said);
            ours.ShouldAllBe(line => line.StartsWith("node_memory_", StringComparison.Ordinal) && line.Contains("camelCase", StringComparison.Ordinal), said);
            if (theirs is not null)
            {
                output.WriteLine($"{ours.Length} complaints of ullage, {theirs.Length} of node_exporter");
                ours.Except(theirs).ShouldBeEmpty("node_exporter's own output gets the same complaints");
            }
            string others = string.Join('\n', metrics.Split('\n').Where(line => !line.Contains("node_memory_", StringComparison.Ordinal)));
            (await Programs.RunAsync(promtool, others, "check", "metrics")).ShouldBe((0, ""));
            metrics.ShouldContain("node_memory_MemTotal_bytes ");
        });
    }

    [Fact]
    public async Task PromtoolHasNothingToSayOfSnakeNames()
    {
        if (Programs.Find("promtool", "prometheus", output) is not string promtool)
        {
            return;
        }
        await Ullages.ServeAsync([], async address =>
        {
            using HttpClient client = new();
            string metrics = await client.GetStringAsync(new Uri(address, "metrics"));
            string snake = await client.GetStringAsync(new Uri(address, "metrics?names=snake"));
            (await Programs.RunAsync(promtool, snake, "check", "metrics")).ShouldBe((0, ""));
            snake.ShouldContain("\nullage_host_mem_total_bytes ");
            snake.ShouldNotContain("node_memory_");
            snake.Split('\n').Length.ShouldBe(metrics.Split('\n').Length);
            (await client.GetAsync(new Uri(address, "metrics?names=camel"))).StatusCode.ShouldBe(System.Net.HttpStatusCode.BadRequest);
        });
    }

    [Fact]
    public async Task PromtoolAcceptsPlainMetricsOfAServerWithSnakeNames()
    {
        if (Programs.Find("promtool", "prometheus", output) is not string promtool)
        {
            return;
        }
        await Ullages.ServeAsync(["--names", "snake"], async address =>
        {
            using HttpClient client = new();
            string metrics = await client.GetStringAsync(new Uri(address, "metrics"));
            (await Programs.RunAsync(promtool, metrics, "check", "metrics")).ShouldBe((0, ""));
            metrics.ShouldContain("\nullage_host_mem_available_bytes ");
        });
    }

    [Fact]
    public async Task ClientsThatAskForOpenMetricsGetIt() => await Ullages.ServeAsync(["--scenario", "anon-oom"], async address =>
    {
        using HttpClient client = new();
        client.DefaultRequestHeaders.Add("Accept", "application/openmetrics-text;version=1.0.0,text/plain;q=0.5");
        using HttpResponseMessage answer = await client.GetAsync(new Uri(address, "metrics"));
        answer.Content.Headers.ContentType!.MediaType.ShouldBe("application/openmetrics-text");
        (await answer.Content.ReadAsStringAsync()).ShouldEndWith("# EOF\n");
        (await client.GetAsync(new Uri(address, "nothing"))).StatusCode.ShouldBe(System.Net.HttpStatusCode.NotFound);
        (await client.PostAsync(address, new StringContent("x"))).StatusCode.ShouldBe(System.Net.HttpStatusCode.MethodNotAllowed);
    });

    [Fact]
    public async Task PrometheusScrapesIt()
    {
        if (Programs.Find("prometheus", "prometheus", output) is not string prometheus)
        {
            return;
        }
        using TempDirectory directory = new();
        await Ullages.ServeAsync([], async address =>
        {
            string config = directory.File("prometheus.yml");
            File.WriteAllText(config, $"global: {{ scrape_interval: 1s }}\nscrape_configs: [ {{ job_name: ullage, static_configs: [ {{ targets: ['{address.Authority}'] }} ] }} ]\n");
            int port = FreePort();
            ProcessStartInfo start = new(prometheus, [$"--config.file={config}", $"--storage.tsdb.path={directory.File("data")}", $"--web.listen-address=127.0.0.1:{port}"]) { RedirectStandardError = true, RedirectStandardOutput = true };
            using Process process = Process.Start(start)!;
            process.ErrorDataReceived += (_, _) => { };
            process.BeginErrorReadLine();
            process.BeginOutputReadLine();
            try
            {
                string found = await EventuallyAsync(new Uri($"http://127.0.0.1:{port}/api/v1/query?query=node_memory_MemTotal_bytes"), "\"value\":[");
                long total = long.Parse(File.ReadLines("/proc/meminfo").First().Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) * 1024;
                found.ShouldContain($"\"{total}\"");
            }
            finally
            {
                process.Kill();
                await process.WaitForExitAsync();
            }
        });
    }

    [Fact]
    public async Task ValuesEqualThoseOfNodeExporterForTheSameFiles()
    {
        if (Programs.Find("prometheus-node-exporter", "prometheus-node-exporter", output) is not string exporter)
        {
            return;
        }
        using TempDirectory directory = new();
        foreach (string file in new[] { "meminfo", "vmstat", "pressure/memory", "pressure/cpu", "pressure/io", "self/mountinfo", "version", "stat" })
        {
            string copy = directory.File("proc/" + file);
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            if (File.Exists("/proc/" + file))
            {
                File.WriteAllText(copy, File.ReadAllText("/proc/" + file));
            }
        }
        int port = FreePort();
        string[] collectors = ["--collector.disable-defaults", "--collector.meminfo", "--collector.vmstat", "--collector.vmstat.fields=.*", "--collector.pressure"];
        ProcessStartInfo start = new(exporter, [$"--path.procfs={directory.File("proc")}", $"--web.listen-address=127.0.0.1:{port}", .. collectors]) { RedirectStandardError = true };
        using Process process = Process.Start(start)!;
        process.BeginErrorReadLine();
        try
        {
            string theirs = await EventuallyAsync(new Uri($"http://127.0.0.1:{port}/metrics"), "node_memory_MemTotal_bytes");
            await Ullages.ServeAsync(["--root", directory.Path], async address =>
            {
                using HttpClient client = new();
                Compare(Values(await client.GetStringAsync(new Uri(address, "metrics"))), Values(theirs));
            });
        }
        finally
        {
            process.Kill();
            await process.WaitForExitAsync();
        }
    }

    // What promtool says of node_exporter's own output; null with a word about it when that is not installed.
    private async Task<string[]?> ComplaintsOfNodeExporterAsync(string promtool)
    {
        if (Programs.Find("prometheus-node-exporter", "prometheus-node-exporter", output) is not string exporter)
        {
            return null;
        }
        int port = FreePort();
        ProcessStartInfo start = new(exporter, [$"--web.listen-address=127.0.0.1:{port}"]) { RedirectStandardError = true };
        using Process process = Process.Start(start)!;
        process.BeginErrorReadLine();
        try
        {
            string metrics = await EventuallyAsync(new Uri($"http://127.0.0.1:{port}/metrics"), "node_memory_MemTotal_bytes");
            (int code, string said) = await Programs.RunAsync(promtool, metrics, "check", "metrics");
            code.ShouldBe(3, said);
            return Lines(said);
        }
        finally
        {
            process.Kill();
            await process.WaitForExitAsync();
        }
    }

    private static string[] Lines(string text) => text.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    private void Compare(Dictionary<string, double> ours, Dictionary<string, double> theirs)
    {
        string[] common = [.. ours.Keys.Where(name => name.StartsWith("node_", StringComparison.Ordinal) && theirs.ContainsKey(name))];
        output.WriteLine($"{common.Length} metrics in common");
        common.Length.ShouldBeGreaterThan(30);
        foreach (string name in common)
        {
            Math.Abs(ours[name] - theirs[name]).ShouldBeLessThanOrEqualTo(Math.Abs(theirs[name]) * 1e-12, name);
        }
        ours.Keys.Where(name => name.StartsWith("node_", StringComparison.Ordinal)).Except(theirs.Keys).ShouldBeEmpty();
    }

    private static Dictionary<string, double> Values(string metrics) => metrics.Split('\n')
        .Where(line => line.Length > 0 && line[0] != '#' && !line.Contains('{', StringComparison.Ordinal))
        .Select(line => line.Split(' ')).ToDictionary(words => words[0], words => double.Parse(words[1], CultureInfo.InvariantCulture), StringComparer.Ordinal);

    private static async Task<string> EventuallyAsync(Uri address, string wanted)
    {
        using HttpClient client = new();
        StringBuilder last = new();
        for (int attempt = 0; attempt < 300; attempt++)
        {
            try
            {
                string text = await client.GetStringAsync(address);
                if (text.Contains(wanted, StringComparison.Ordinal))
                {
                    return text;
                }
                last.Clear().Append(text);
            }
            catch (HttpRequestException)
            {
                // not up yet
            }
            await Task.Delay(100);
        }
        throw new InvalidOperationException($"{address} never gave {wanted}: {last}");
    }

    private static int FreePort()
    {
        using TcpListener free = new(System.Net.IPAddress.Loopback, 0);
        free.Start();
        return ((System.Net.IPEndPoint)free.LocalEndpoint).Port;
    }
}
