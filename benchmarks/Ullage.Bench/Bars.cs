using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;

namespace Ullage.Bench;

/// <summary>Runs the benchmarks; <c>--quick</c> runs each of them briefly.</summary>
internal static class Bars
{
    public static int Run(BenchmarkSwitcher switcher, string[] args)
    {
        bool quick = args.Contains("--quick", StringComparer.Ordinal);
        string[] rest = [.. args.Where(arg => arg != "--quick")];
        if (!rest.Any(arg => arg is "--filter" or "-f" or "--list"))
        {
            rest = [.. rest, "--filter", "*"];
        }
        IConfig config = DefaultConfig.Instance.AddJob(quick ? Job.ShortRun : Job.Default);
        return switcher.Run(rest, config).Any(summary => summary.HasCriticalValidationErrors) ? 1 : 0;
    }
}
