using Ullage.Lab.Results;
using Ullage.Lab.Scenarios;
using Ullage.Lab.Targets;

namespace Ullage.Cli.Tests.Support;

/// <summary>A target that plays a recorded result: usage rises evenly to the limit, then comes the log, then the end.</summary>
internal sealed class FakeTarget(params RunResult[] results) : ITarget
{
    private const long LimitBytes = 100L << 20;
    private const int Readings = 50;
    private int _runs;

    public string Name => "model";
    public RunOptions? Options { get; private set; }
    public Action<CancellationToken>? DuringRun { get; init; }

    public RunResult Run(Scenario scenario, RunOptions options, IRunObserver observer, CancellationToken cancel)
    {
        Options = options;
        RunResult result = results[Math.Min(_runs++, results.Length - 1)];
        FakeFiles files = new();
        Set(files, 0);
        observer.OnStart(Name, result.Kernel, files);
        for (int i = 1; i < Readings; i++)
        {
            Set(files, LimitBytes / Readings * i);
            observer.OnProgress(result.VirtualNs / Readings * i, files);
        }
        DuringRun?.Invoke(cancel);
        foreach (DmesgLine line in result.Dmesg)
        {
            observer.OnKernelLog(line);
        }
        foreach (ProcessResult process in result.Processes)
        {
            observer.OnProcessEnded(result.VirtualNs, process);
        }
        Set(files, 8192);
        return cancel.IsCancellationRequested ? result with { Ended = "interrupted" } : result;
    }

    private static void Set(FakeFiles files, long usage)
    {
        files.Texts["/sys/fs/cgroup/memory/test1/memory.usage_in_bytes"] = $"{usage}\n";
        files.Texts["/sys/fs/cgroup/memory/test1/memory.limit_in_bytes"] = $"{LimitBytes}\n";
        files.Texts["/sys/fs/cgroup/memory/test1/memory.kmem.usage_in_bytes"] = "4096\n";
        files.Texts["/sys/fs/cgroup/memory/test1/memory.kmem.limit_in_bytes"] = "9223372036854771712\n";
    }
}
