using System.Text;
using Ullage.Abi;
using Ullage.Lab.Results;
using Ullage.Lab.Scenarios;
using Ullage.Lab.Targets;
using Ullage.Lab.Targets.Model;
using Ullage.Model;
using Ullage.Model.Eras;

namespace Ullage.Lab.Tests.Model;

/// <summary>Runs scenarios that a test writes down as text.</summary>
internal static class ModelRuns
{
    public static IEnumerable<object[]> Eras => KernelEras.All.Select(era => new object[] { era.Name });

    public static IEnumerable<object[]> ErasAndVersions => KernelEras.All.SelectMany(era => new[] { new object[] { era.Name, 1 }, new object[] { era.Name, 2 } });

    public static Scenario Read(string yaml)
    {
        ScenarioReadResult read = ScenarioReader.Read(yaml, "test.yaml", []);
        read.Problems.ShouldBeEmpty();
        return read.Scenario!;
    }

    public static RunResult Run(string yaml, string? kernel = null, ulong seed = 1, IRunObserver? observer = null, CancellationToken cancel = default) =>
        Run(Read(yaml), new ModelTarget { OnBooted = null }, kernel, seed, observer, cancel);

    public static RunResult Run(Scenario scenario, ModelTarget target, string? kernel = null, ulong seed = 1, IRunObserver? observer = null, CancellationToken cancel = default) =>
        target.Run(scenario, new RunOptions { Kernel = kernel, Seed = seed }, observer ?? new Watcher(), cancel);

    public static ProcessResult Process(this RunResult result, string name) =>
        result.Processes.Where(process => process.Name == name).ShouldHaveSingleItem();

    public static string Json(RunResult result)
    {
        using MemoryStream stream = new();
        ResultJson.Write(result with { WallMs = 0 }, stream);
        return Encoding.UTF8.GetString(stream.ToArray());
    }

    /// <summary>The machine of a run, for looking behind the files, and a check of the whole machine.</summary>
    public static (RunResult Result, Machine Machine) RunAndKeep(string yaml, string? kernel = null, ulong seed = 1)
    {
        Machine? machine = null;
        RunResult result = Run(Read(yaml), new ModelTarget { OnBooted = booted => machine = booted }, kernel, seed);
        machine.ShouldNotBeNull().Verify();
        return (result, machine);
    }
}

/// <summary>Writes down what an observer is told.</summary>
internal sealed class Watcher : IRunObserver
{
    public List<string> Calls { get; } = [];

    public List<long> Progress { get; } = [];

    public List<DmesgLine> Log { get; } = [];

    public List<(long TNs, ProcessResult Process)> Ended { get; } = [];

    public Action<long>? AtProgress { get; init; }

    public void OnStart(string target, string kernel, IKernelFiles files) => Calls.Add($"start {target} {kernel}");

    public void OnProgress(long tNs, IKernelFiles files)
    {
        Progress.Add(tNs);
        AtProgress?.Invoke(tNs);
    }

    public void OnKernelLog(DmesgLine line)
    {
        Calls.Add("log");
        Log.Add(line);
    }

    public void OnProcessEnded(long tNs, ProcessResult process)
    {
        Calls.Add("ended " + process.Name);
        Ended.Add((tNs, process));
    }
}
