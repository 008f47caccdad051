using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Ullage.Bench.Observe;

/// <summary>What a whole program costs: processor time of it and its children, and the most memory it had.</summary>
/// <param name="Name">The command.</param>
/// <param name="CpuSeconds">User and system time, start-up included.</param>
/// <param name="MaxRssKb">The largest resident size, in kB.</param>
/// <param name="Why">Why it did not run; empty when it did.</param>
internal sealed record ToolCost(string Name, double CpuSeconds, long MaxRssKb, string Why);

/// <summary>Runs programs and asks the kernel what they took.</summary>
internal static unsafe partial class OtherTools
{
    private const int Children = -1;

    /// <summary>Runs a command to its end, its output thrown away.</summary>
    public static ToolCost Run(string name, string file, params string[] arguments)
    {
        double before = ChildSeconds();
        try
        {
            using Process process = Process.Start(new ProcessStartInfo(file, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            long most = 0;
            Task<string> output = process.StandardOutput.ReadToEndAsync();
            Task<string> errors = process.StandardError.ReadToEndAsync();
            while (!process.WaitForExit(100))
            {
                most = Math.Max(most, HighWater(process.Id));
            }
            return process.ExitCode == 0 || output.Result.Length > 0
                ? new ToolCost(name, ChildSeconds() - before, most, "")
                : new ToolCost(name, 0, 0, $"exit code {process.ExitCode.ToString(CultureInfo.InvariantCulture)}: {errors.Result.Split('\n')[0]}");
        }
        catch (System.ComponentModel.Win32Exception missing)
        {
            return new ToolCost(name, 0, 0, missing.Message);
        }
    }

    /// <summary>Processor time of the calling thread: on a loaded machine the clock of the wall would count others' work.</summary>
    public static long ThreadCpuNs()
    {
        const int ThreadCpuClock = 3;
        long* time = stackalloc long[2];
        return GetTime(ThreadCpuClock, time) == 0 ? (time[0] * 1_000_000_000) + time[1] : 0;
    }

    /// <summary>The largest resident size of a process so far, in kB; 0 when it ended.</summary>
    public static long HighWater(int pid)
    {
        try
        {
            string line = File.ReadLines($"/proc/{pid.ToString(CultureInfo.InvariantCulture)}/status").First(each => each.StartsWith("VmHWM:", StringComparison.Ordinal));
            return long.Parse(line.AsSpan(6).Trim().ToString().Split(' ')[0], CultureInfo.InvariantCulture);
        }
        catch (Exception gone) when (gone is IOException or InvalidOperationException)
        {
            return 0; // it ended just now
        }
    }

    /// <summary>Processor time of all children that have ended.</summary>
    public static double ChildSeconds()
    {
        long* usage = stackalloc long[18];
        return GetUsage(Children, usage) == 0 ? usage[0] + (usage[1] / 1e6) + usage[2] + (usage[3] / 1e6) : 0;
    }

    [LibraryImport("libc", EntryPoint = "clock_gettime")]
    private static partial int GetTime(int clock, long* time);

    [LibraryImport("libc", EntryPoint = "getrusage")]
    private static partial int GetUsage(int who, long* usage);
}
