using System.Globalization;
using Ullage.Lab.Results;
using Ullage.Lab.Scenarios;
using Ullage.Lab.Targets.Model.Steps;
using Ullage.Model;

namespace Ullage.Lab.Targets.Model;

/// <summary>Starts the processes of a scenario and sees how they end.</summary>
internal sealed class ModelProcesses
{
    private readonly Scenario _scenario;
    private readonly ulong _seed;
    private readonly CancellationToken _cancel;
    private readonly List<ModelProcess> _begun = [];
    private readonly Dictionary<SignalStruct, ModelProcess> _bySignal = new(ReferenceEqualityComparer.Instance);

    public ModelProcesses(Machine machine, Scenario scenario, ulong seed, CancellationToken cancel)
    {
        Machine = machine;
        _scenario = scenario;
        _seed = seed;
        _cancel = cancel;
        machine.Scheduler.ProcessEnded = OnEnded;
    }

    public Machine Machine { get; }

    /// <summary>Called when a process has ended and its result is known.</summary>
    public Action<ProcessResult>? Ended { get; set; }

    /// <summary>Arranges for every process to start when it is due.</summary>
    public void Plan()
    {
        foreach (ProcessSpec spec in _scenario.Processes)
        {
            for (int i = 1; i <= spec.Count; i++)
            {
                string name = spec.Count == 1 ? spec.Name : string.Create(CultureInfo.InvariantCulture, $"{spec.Name}-{i}");
                Plan(spec, name, spec.StartNs);
            }
        }
    }

    private void Plan(ProcessSpec spec, string name, long atNs) => Machine.Scheduler.At(atNs, () =>
    {
        if (_cancel.IsCancellationRequested || atNs >= _scenario.StopAfterNs)
        {
            return;
        }
        Start(spec, name);
        if (spec.EveryNs is long period)
        {
            Plan(spec, name, atNs + Math.Max(period, 1));
        }
    });

    private void Start(ProcessSpec spec, string name)
    {
        TaskStruct task = Machine.Spawn(new SpawnOptions
        {
            Comm = name, Uid = spec.Uid, OomScoreAdj = spec.OomScoreAdj, LimitAs = spec.Rlimits.As, LimitData = spec.Rlimits.Data, LimitStack = spec.Rlimits.Stack,
        });
        ModelProcess process = Add(new ModelProcess(name, spec.Cgroup ?? "/", task, forked: false));
        Machine.Scheduler.Start(task, new ScenarioProgram(new StepContext(this, process, _seed), spec.Cgroup, spec.Do, _cancel) { Threads = spec.Threads });
    }

    /// <summary>A child that a process has forked begins with its list and a copy of the regions.</summary>
    public void Begin(ForkOperation fork, TaskStruct child, StepContext parent)
    {
        ModelProcess process = Add(new ModelProcess(fork.ChildName, fork.Cgroup ?? parent.Process.Cgroup, child, forked: true));
        StepContext context = new(this, process, _seed);
        foreach ((string name, Region region) in parent.Regions)
        {
            context.Regions.Add(name, region);
        }
        context.InheritAllocations(parent);
        Machine.Scheduler.Start(child, new ScenarioProgram(context, fork.Cgroup, fork.Do, _cancel));
    }

    private ModelProcess Add(ModelProcess process)
    {
        _begun.Add(process);
        _bySignal.Add(process.Task.Signal, process);
        return process;
    }

    /// <summary>The process of that name: the youngest that runs, else the youngest; null when none has begun.</summary>
    public ModelProcess? Find(string name)
    {
        ModelProcess? ended = null;
        for (int i = _begun.Count - 1; i >= 0; i--)
        {
            ModelProcess process = _begun[i];
            if (string.Equals(process.Name, name, StringComparison.Ordinal))
            {
                if (!process.Task.Signal.Ended)
                {
                    return process;
                }
                ended ??= process;
            }
        }
        return ended;
    }

    private void OnEnded(SignalStruct signal)
    {
        long now = Machine.TimeNs;
        Machine.Scheduler.At(now, () => { }); // the run is not over before its last process
        if (!_bySignal.TryGetValue(signal, out ModelProcess? process))
        {
            return;
        }
        process.Result = process.Describe(now);
        process.Sockets.ForEach(Machine.Sockets.Close);
        if (signal.Parent is SignalStruct parent && _bySignal.TryGetValue(parent, out ModelProcess? waiting) && waiting.WaitsForChild)
        {
            waiting.WaitsForChild = false;
            Machine.Scheduler.Wake(waiting.Task);
        }
        Ended?.Invoke(process.Result);
    }

    /// <summary>What became of each, in the order of their start.</summary>
    public List<ProcessResult> Results() => _begun.ConvertAll(process => process.Result ?? process.Describe(Machine.Clock.NowNs));
}
