using System.Globalization;
using Ullage.Abi.Units;
using Ullage.Model;
using Ullage.Model.AddressSpace;
using Ullage.Model.Eras;
using Ullage.Model.Files;

namespace Ullage.Lab.Validation;

/// <summary>
/// Experiment E7: siblings that hold page cache under memory.min or memory.low while another one needs memory. Works on the machine itself,
/// because it looks at the cgroups while the process that presses them is alive.
/// </summary>
public static class ProtectionExperiment
{
    /// <summary>Repeats a measured experiment on the model and sets its values beside the kernel's.</summary>
    public static IReadOnlyList<FidelityFigure> Compare(MeasuredExperiment measured)
    {
        KernelEra era = KernelEras.Find(measured.Kernel)!;
        Machine machine = Machine.Boot(new MachineOptions
        {
            Era = era, Cpus = measured.Cpus, CgroupVersion = 2, MemoryBytes = measured.RamBytes,
            MemoryRecursiveProt = measured.Case.EndsWith("recursiveprot", StringComparison.Ordinal),
        });
        ProtectionProbe probe = new(machine);
        string[] words = measured.Case.Split('-');
        int kind = Array.IndexOf(words, "tree") >= 0 ? Array.IndexOf(words, "tree") : Array.IndexOf(words, "pair");
        List<KeyValuePair<string, long>> values = words[kind] == "tree" ? probe.Tree(words[kind + 1]) : probe.Pair(words[kind + 1], words[kind + 2]);
        List<FidelityFigure> figures = [];
        foreach ((string counter, long value) in values)
        {
            List<long> kernel = [.. measured.Repeats.Where(repeat => repeat.ContainsKey(counter)).Select(repeat => repeat[counter])];
            if (kernel.Count > 0)
            {
                figures.Add(new FidelityFigure(measured, counter, value, kernel, RuleOf(counter), era.Charging.Batch, 0));
            }
        }
        return figures;
    }

    /// <summary>Bytes within 5 % or 1 MiB; how often a limit was met or protection broken, within 5 %; kills, and how processes ended, exactly.</summary>
    private static FidelityRule RuleOf(string counter) =>
        counter.StartsWith("rc", StringComparison.Ordinal) || counter.EndsWith("_rc", StringComparison.Ordinal) ? FidelityRule.Exact
        : !counter.StartsWith("events", StringComparison.Ordinal) ? FidelityRule.FivePercentOrMiB
        : counter.EndsWith(".max", StringComparison.Ordinal) || counter.EndsWith(".low", StringComparison.Ordinal) ? FidelityRule.WithinFivePercent
        : FidelityRule.Exact;
}

/// <summary>The measured programs, on a modelled machine.</summary>
internal sealed class ProtectionProbe(Machine machine)
{
    private const long MiB = 1 << 20;
    private const long Cached = 50 * MiB;

    private readonly List<KeyValuePair<string, long>> _values = [];

    /// <summary>The kernel's own test: C, D and E hold 50 MiB of page cache each below B, which is protected; G beside B takes 148 MiB, then 170 MiB.</summary>
    public List<KeyValuePair<string, long>> Tree(string kind)
    {
        string file = "memory." + kind;
        Make("e7", ("memory.max", "200M"));
        Make("e7/B", (file, "50M"));
        Make("e7/B/C", (file, "75M"));
        Make("e7/B/D", (file, "25M"));
        Make("e7/B/E", (file, "0"));
        Make("e7/B/F", (file, "500M"));
        Make("e7/G");
        foreach (string name in new[] { "e7/B/C", "e7/B/D", "e7/B/E" })
        {
            Hold(name, Cached);
        }
        string[] groups = ["e7", "e7/B", "e7/B/C", "e7/B/D", "e7/B/E", "e7/B/F", "e7/G"];
        Note("before", groups[..^1]);
        TaskStruct presser = Grow("e7/G", 148 * MiB);
        Note("held148", groups);
        End(presser);
        Note("after148", groups);
        presser = Grow("e7/G", 170 * MiB);
        _values.Add(new("rc170", presser.Signal.OomKilled ? -9 : 0));
        End(presser);
        Note("after170", groups);
        Events("events", "e7");
        return _values;
    }

    /// <summary>A holds 50 MiB of page cache; B streams 128 MiB of another file, then takes 90 MiB of anonymous memory.</summary>
    public List<KeyValuePair<string, long>> Pair(string kind, string size)
    {
        string file = "memory." + kind;
        Make("P", ("memory.max", "100M"), (file, "100M"));
        Make("P/A", (file, size));
        Make("P/B");
        Hold("P/A", Cached);
        Hold("P/B", 128 * MiB);
        Note("after_stream", ["P/A", "P/B", "P"]);
        Events("events_after_stream", "P/A", "P");
        TaskStruct presser = Grow("P/B", 90 * MiB);
        _values.Add(new("anon_rc", presser.Signal.OomKilled ? -9 : 0));
        End(presser);
        Note("after_anon", ["P/A", "P/B", "P"]);
        Events("events_after_anon", "P/A", "P");
        return _values;
    }

    private void Make(string path, params (string File, string Value)[] writes)
    {
        int slash = path.LastIndexOf('/');
        string parent = slash < 0 ? "/sys/fs/cgroup" : "/sys/fs/cgroup/" + path[..slash];
        machine.Files.Write(parent + "/cgroup.subtree_control", "+memory");
        machine.Mkdir("/" + path);
        foreach ((string file, string value) in writes)
        {
            machine.Files.Write($"/sys/fs/cgroup/{path}/{file}", value);
        }
    }

    private TaskStruct Enter(string path)
    {
        TaskStruct task = machine.Spawn(new SpawnOptions { Comm = "wl" });
        machine.Attach(machine.Hierarchy.Find("/" + path)!, task.Pid, wholeProcess: true);
        return task;
    }

    /// <summary>Lets a task do something again and again until it says that it is done; the task lives on.</summary>
    private void Run(TaskStruct task, Func<bool> step)
    {
        machine.Scheduler.Start(task, new Steps(step));
        machine.Scheduler.RunUntil(long.MaxValue);
    }

    /// <summary>Reads a file once, with the usual readahead; the process stays.</summary>
    private void Hold(string path, long bytes)
    {
        const int chunk = 4096;
        TaskStruct task = Enter(path);
        string name = "/data/" + path;
        machine.CreateFile(name, bytes);
        FileHandle file = machine.OpenData(name).File!;
        long offset = 0;
        Run(task, () =>
        {
            machine.ReadData(task, file, offset, chunk);
            offset += chunk;
            return offset < bytes;
        });
    }

    private TaskStruct Grow(string path, long bytes)
    {
        TaskStruct task = Enter(path);
        (_, long address) = machine.Mmap(task, bytes, VmaFlags.Read | VmaFlags.Write);
        long offset = 0;
        Run(task, () =>
        {
            FaultOutcome outcome = machine.Touch(task, address + offset, write: true);
            offset += outcome == FaultOutcome.Ok ? KernelConstants.PageSize : 0;
            return offset < bytes && outcome is FaultOutcome.Ok or FaultOutcome.Retry;
        });
        return task;
    }

    private void End(TaskStruct task)
    {
        if (!task.Signal.Ended)
        {
            machine.ExitGroup(task.Signal, 0, 0);
        }
        machine.Scheduler.RunUntil(long.MaxValue);
    }

    private sealed class Steps(Func<bool> step) : ITaskProgram
    {
        public ProgramStep Run(Machine machine, TaskStruct task, long budgetNs)
        {
            while (machine.CallNs < budgetNs)
            {
                if (task.FatalSignalPending || !step())
                {
                    return new ProgramStep(ProgramNext.Blocked);
                }
            }
            return new ProgramStep(ProgramNext.Ready);
        }
    }

    private void Note(string when, string[] groups)
    {
        foreach (string group in groups)
        {
            string name = group.StartsWith("P/", StringComparison.Ordinal) ? group[2..] : group;
            _values.Add(new($"{when}.{name}", machine.Hierarchy.Find("/" + group)!.Memcg.Memory.Usage * KernelConstants.PageSize));
        }
    }

    private void Events(string when, params string[] groups)
    {
        foreach (string group in groups)
        {
            string text = machine.Files.Read($"/sys/fs/cgroup/{group}/memory.events").Text;
            foreach (string line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
            {
                string[] words = line.Split(' ');
                string name = group.StartsWith("P/", StringComparison.Ordinal) ? group[2..] : group;
                _values.Add(new($"{when}.{name}.{words[0]}", long.Parse(words[1], CultureInfo.InvariantCulture)));
            }
        }
    }
}
