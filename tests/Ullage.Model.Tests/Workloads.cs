using Ullage.Abi;
using Ullage.Model.AddressSpace;
using Ullage.Model.Cgroups;
using Ullage.Model.Eras;

namespace Ullage.Model.Tests;

/// <summary>What the measured worker does, without a scheduler: enter, write one page of its own data, grow.</summary>
internal static class Workloads
{
    public const int Chunk = 1 << 20;

    public static IEnumerable<object[]> Eras => KernelEras.All.Select(era => new object[] { era.Name });

    public static KernelEra Era(string name) => KernelEras.Find(name).ShouldNotBeNull();

    public static Machine Boot(string era, int version = 1, ulong seed = 1, int cpus = 2, bool swapAccounting = true) => Machine.Boot(new MachineOptions
    {
        Era = Era(era), CgroupVersion = version, Seed = seed, Cpus = cpus, SwapAccounting = swapAccounting,
    });

    public static Cgroup Make(this Machine machine, string path, long? maxPages = null)
    {
        if (machine.Options.CgroupVersion == 2)
        {
            machine.Hierarchy.Root.DistributesMemory = true;
        }
        machine.Hierarchy.Mkdir(path).ShouldBe(Errno.None);
        Cgroup cgroup = machine.Hierarchy.Find(path).ShouldNotBeNull();
        if (maxPages is { } max)
        {
            cgroup.Memcg.Memory.TrySetMax(max).ShouldBe(Errno.None);
        }
        return cgroup;
    }

    public static TaskStruct Enter(this Machine machine, Cgroup cgroup, string comm = "wl", int adj = 0)
    {
        TaskStruct task = machine.Spawn(new SpawnOptions { Comm = comm, OomScoreAdj = adj });
        machine.Attach(cgroup, task.Pid, wholeProcess: true).ShouldBe(Errno.None);
        machine.As(task);
        machine.Touch(task, ProgramImage.DataPage << 12, write: true).ShouldBe(FaultOutcome.Ok);
        return task;
    }

    /// <summary>The kernel now runs for this task.</summary>
    public static void As(this Machine machine, TaskStruct task)
    {
        machine.Current = task;
        machine.CurrentCpu = task.Cpu;
    }

    /// <summary>Maps and writes chunk by chunk until something else than success comes; answers the pages touched.</summary>
    public static long Grow(this Machine machine, TaskStruct task, long maxPages, out FaultOutcome last)
    {
        long done = 0;
        last = FaultOutcome.Ok;
        while (done < maxPages)
        {
            (Errno errno, long address) = machine.Mmap(task, Chunk, VmaFlags.Read | VmaFlags.Write);
            errno.ShouldBe(Errno.None);
            machine.Madvise(task, address, Chunk, Advice.NoHugePage).ShouldBe(Errno.None);
            machine.RunDueWork(machine.TimeNs); // what other CPUs did meanwhile
            for (long page = 0; page < Chunk / 4096 && done < maxPages; page++, done++)
            {
                do
                {
                    last = machine.Touch(task, address + (page * 4096), write: true);
                }
                while (last == FaultOutcome.Retry);
                if (last != FaultOutcome.Ok)
                {
                    return done;
                }
            }
        }
        return done;
    }
}
