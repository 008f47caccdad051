using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;

namespace Ullage.Bench.Observe;

/// <summary>What node_exporter costs for a number of scrapes. It reads the machine, not cgroups: no rival, a measure of what people leave running.</summary>
internal static class NodeExporter
{
    private const string Address = "127.0.0.1:19100";

    /// <summary>Runs the program named by NODE_EXPORTER, or Debian's on the PATH.</summary>
    public static ToolCost Measure(int scrapes)
    {
        string program = Environment.GetEnvironmentVariable("NODE_EXPORTER") ?? "prometheus-node-exporter";
        string name = string.Create(CultureInfo.InvariantCulture, $"node_exporter, {scrapes} scrapes (host only)");
        double before = OtherTools.ChildSeconds();
        try
        {
            using Process process = Process.Start(new ProcessStartInfo(program, [$"--web.listen-address={Address}"]) { RedirectStandardError = true })!;
            process.ErrorDataReceived += (_, _) => { };
            process.BeginErrorReadLine();
            long most = Scrape(process, scrapes);
            process.Kill();
            process.WaitForExit();
            return most > 0 ? new ToolCost(name, OtherTools.ChildSeconds() - before, most, "") : new ToolCost(name, 0, 0, $"it does not listen on {Address}");
        }
        catch (System.ComponentModel.Win32Exception missing)
        {
            return new ToolCost(name, 0, 0, missing.Message);
        }
    }

    private static long Scrape(Process process, int scrapes)
    {
        using HttpClient client = new();
        long most = 0;
        for (int i = 0, tries = 0; i < scrapes && tries < 50; tries++)
        {
            try
            {
                i += client.GetStringAsync($"http://{Address}/metrics").GetAwaiter().GetResult().Length > 0 ? 1 : 0;
                most = Math.Max(most, OtherTools.HighWater(process.Id));
            }
            catch (HttpRequestException starting) when (starting.InnerException is SocketException)
            {
                Thread.Sleep(100);
            }
        }
        return most;
    }
}
