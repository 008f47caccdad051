using BenchmarkDotNet.Attributes;
using Ullage.Model;
using Ullage.Model.Eras;
using Ullage.Model.Files;

namespace Ullage.Bench;

/// <summary>stat(2) of names that do not exist: hash, slab object, charge, list; and their reclaim. Due work runs as often as a scheduler would run it.</summary>
[MemoryDiagnoser]
public class DentryBenchmarks
{
    private const int Names = 1 << 20;
    private const int Slice = 64;

    private Machine? _machine;
    private TaskStruct _task = null!;
    private DiskDirectory _directory = null!;
    private long _next;

    /// <summary>The era.</summary>
    [Params("4.15", "5.10", "6.18")]
    public string Era { get; set; } = "6.18";

    private void Boot(string limit)
    {
        _machine = Machine.Boot(new MachineOptions { Era = KernelEras.Find(Era)!, CgroupVersion = 1, MemoryBytes = 4L << 30 });
        _machine.Hierarchy.Mkdir("/a");
        _machine.Files.Write("/sys/fs/cgroup/memory/a/memory.limit_in_bytes", limit);
        _task = _machine.Spawn(new SpawnOptions { Comm = "bench" });
        _machine.Attach(_machine.Hierarchy.Find("/a")!, _task.Pid, wholeProcess: true);
        _directory = _machine.Directory("/data/neg");
    }

    private void Stat(int count)
    {
        Machine machine = _machine!;
        for (int i = 0; i < count; i++)
        {
            machine.Stat(_task, _directory, _next++);
            if ((i & (Slice - 1)) == 0)
            {
                machine.RunDueWork(machine.TimeNs);
            }
        }
    }

    /// <summary>A machine that has had all the names once, so that its tables have their size.</summary>
    [IterationSetup(Target = nameof(CreateWithRoom))]
    public void MakeRoom()
    {
        if (_machine is null)
        {
            Boot("-1");
            Stat(Names);
        }
        _machine!.Files.Write("/proc/sys/vm/drop_caches", "2");
        _machine.Dcache.Barrier();
    }

    /// <summary>A machine whose cgroup is full of names.</summary>
    [IterationSetup(Target = nameof(CreateAndEvict))]
    public void Fill()
    {
        if (_machine is null)
        {
            Boot("50M");
            Stat(Names);
        }
    }

    /// <summary>New names, with room for all of them.</summary>
    [Benchmark(Baseline = true, OperationsPerInvoke = Names)]
    public void CreateWithRoom() => Stat(Names);

    /// <summary>New names at the limit: each of them evicts another one in the long run.</summary>
    [Benchmark(OperationsPerInvoke = Names)]
    public void CreateAndEvict() => Stat(Names);
}

/// <summary>Ten million names, the machine included.</summary>
[MemoryDiagnoser]
public class TenMillionDentries
{
    /// <summary>The first article's load with room, on 4.15.</summary>
    [Benchmark]
    public long Create()
    {
        const int names = 10_000_000;
        Machine machine = Machine.Boot(new MachineOptions { Era = KernelEras.Find("4.15")!, CgroupVersion = 1, MemoryBytes = 8L << 30 });
        machine.Hierarchy.Mkdir("/a");
        TaskStruct task = machine.Spawn(new SpawnOptions { Comm = "bench" });
        machine.Attach(machine.Hierarchy.Find("/a")!, task.Pid, wholeProcess: true);
        DiskDirectory directory = machine.Directory("/data/neg");
        for (int i = 0; i < names; i++)
        {
            machine.Stat(task, directory, i);
            if ((i & 63) == 0)
            {
                machine.RunDueWork(machine.TimeNs);
            }
        }
        return machine.Dcache.Negative;
    }
}
