using System.Diagnostics;
using Xunit.Abstractions;

namespace Ullage.Insight.Tests;

/// <summary>Runs every command of docs/tutorial.md, in its order, as a reader does.</summary>
public sealed class TutorialTests(ITestOutputHelper output)
{
    [Fact]
    public async Task EveryCommandOfTheTutorialWorks()
    {
        string program = Path.Combine(AppContext.BaseDirectory, "ullage.dll");
        using TempDirectory directory = new();
        string wrapper = directory.File("ullage");
        File.WriteAllText(wrapper, $"#!/bin/sh\nexec dotnet '{program}' \"$@\"\n");
        _ = await Programs.RunAsync("/bin/chmod", "", "+x", wrapper);
        (string Command, int Exit)[] commands = [.. Commands(File.ReadAllLines(Path.Combine(Ullages.Root, "docs", "tutorial.md")))];
        commands.Length.ShouldBeGreaterThan(5);
        foreach ((string command, int exit) in commands)
        {
            ProcessStartInfo start = new("/bin/sh", ["-c", command]) { WorkingDirectory = directory.Path, RedirectStandardOutput = true, RedirectStandardError = true };
            using Process process = Process.Start(start)!;
            Task<string> said = process.StandardOutput.ReadToEndAsync();
            string error = await process.StandardError.ReadToEndAsync();
            await process.WaitForExitAsync();
            output.WriteLine($"{command}: {process.ExitCode}");
            process.ExitCode.ShouldBe(exit, $"{command}\n{await said}{error}");
        }
    }

    // Lines that begin with ./ullage in blocks of sh; "# exit N" at their end says what they end with.
    private static IEnumerable<(string Command, int Exit)> Commands(string[] lines)
    {
        bool shell = false;
        foreach (string line in lines)
        {
            if (line.StartsWith("```", StringComparison.Ordinal))
            {
                shell = line == "```sh";
            }
            else if (shell && line.Contains("./ullage ", StringComparison.Ordinal))
            {
                int comment = line.IndexOf("# exit ", StringComparison.Ordinal);
                yield return (line, comment < 0 ? 0 : line[comment + 7] - '0');
            }
        }
    }
}
