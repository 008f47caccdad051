using System.Net.Http;
using System.Net.Sockets;
using Ullage.Cli;
using Ullage.Cli.Terminal;

namespace Ullage.Insight.Tests;

/// <summary>Runs command lines of the program in this process.</summary>
internal static class Ullages
{
    public static string Root { get; } = FindRoot();

    public static async Task<(int Code, string Out, string Error)> RunAsync(params string[] args)
    {
        using StringWriter output = new();
        using StringWriter error = new();
        CliConsole console = new() { Out = output, Error = error };
        int code = await UllageApp.RunAsync(args, console, Wiring.Services, CancellationToken.None);
        return (code, output.ToString(), error.ToString());
    }

    /// <summary>Serves until the task is done; gives the address.</summary>
    public static async Task ServeAsync(string[] args, Func<Uri, Task> use)
    {
        using TcpListener free = new(System.Net.IPAddress.Loopback, 0);
        free.Start();
        int port = ((System.Net.IPEndPoint)free.LocalEndpoint).Port;
        free.Stop();
        using StringWriter output = new();
        using StringWriter error = new();
        CliConsole console = new() { Out = output, Error = error };
        using CancellationTokenSource stop = new();
        Task<int> serving = Task.Run(() => UllageApp.RunAsync(["serve", "--listen", $"127.0.0.1:{port}", .. args], console, Wiring.Services, stop.Token));
        try
        {
            Uri address = new($"http://127.0.0.1:{port}/");
            using HttpClient client = new();
            for (int attempt = 0; attempt < 200 && !serving.IsCompleted; attempt++)
            {
                try
                {
                    _ = await client.GetStringAsync(new Uri(address, "metrics"));
                    break;
                }
                catch (HttpRequestException)
                {
                    await Task.Delay(100);
                }
            }
            serving.IsCompleted.ShouldBeFalse(error.ToString());
            await use(address);
        }
        finally
        {
            await stop.CancelAsync();
            _ = await serving;
        }
    }

    private static string FindRoot()
    {
        DirectoryInfo folder = new(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Ullage.slnx")))
        {
            folder = folder.Parent!;
        }
        return folder.FullName;
    }
}

/// <summary>A directory that is gone afterwards.</summary>
internal sealed class TempDirectory : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("ullage-report-").FullName;

    public string File(string name) => System.IO.Path.Combine(Path, name);

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
