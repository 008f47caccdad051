using System.Diagnostics;
using Xunit.Abstractions;

namespace Ullage.Insight.Tests;

/// <summary>Other programs that tests compare with. Where one is missing, the test says so and ends.</summary>
internal static class Programs
{
    public static string? Find(string name, string package, ITestOutputHelper output)
    {
        string? found = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Append("/usr/bin").Select(directory => Path.Combine(directory, name)).FirstOrDefault(File.Exists);
        if (found is null)
        {
            output.WriteLine($"skipped: {name} is not installed: apt-get install {package}");
        }
        return found;
    }

    public static async Task<(int Code, string Output)> RunAsync(string program, string input, params string[] arguments)
    {
        ProcessStartInfo start = new(program, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> error = process.StandardError.ReadToEndAsync();
        await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        await process.WaitForExitAsync(new CancellationTokenSource(TimeSpan.FromMinutes(2)).Token);
        return (process.ExitCode, await output + await error);
    }
}
