using FsCheck;
using FsCheck.Fluent;
using Ullage.Abi;
using Ullage.Model.AddressSpace;
using Ullage.Model.Cgroups;
using Ullage.Model.Eras;

namespace Ullage.Model.Tests;

/// <summary>Whatever processes do, in whatever order: every invariant of <see cref="Machine.Verify"/> holds after each call.</summary>
public sealed class MachinePropertyTests
{
    private static readonly string[] Paths = ["/a", "/a/b", "/a/b/c", "/d", "/d/e"];

    [Fact]
    public void AnySequenceOfCallsKeepsTheInvariants()
    {
        Gen<int[]> calls = Gen.ArrayOf(Gen.Choose(0, int.MaxValue - 1), 120);
        Gen<(int Era, int Version, int[] Calls)> cases =
            from era in Gen.Choose(0, KernelEras.All.Length - 1)
            from version in Gen.Choose(1, 2)
            from sequence in calls
            select (era, version, sequence);
        Config config = Config.QuickThrowOnFailure.WithMaxTest(150);
        long kills = 0;
        long faults = 0;
        Check.One(config, Prop.ForAll(cases.ToArbitrary(), c =>
        {
            Machine machine = Run(KernelEras.All[c.Era], c.Version, c.Calls);
            kills += machine.Oom.Kills;
            faults += machine.Faults.Count;
            return machine.Frames.CountCharged(machine.Hierarchy.HighestId).Skip(1).Sum() == 0;
        }));
        kills.ShouldBeGreaterThan(5, "the sequences must reach the OOM killer");
        faults.ShouldBeGreaterThan(5_000);
    }

    private static Machine Run(KernelEra era, int version, int[] calls)
    {
        Machine machine = Machine.Boot(new MachineOptions
        {
            Era = era, CgroupVersion = version, Seed = (ulong)calls[0], MemoryBytes = 64 << 20, Cpus = 1 + (calls[1] % 4),
        });
        Player player = new(machine);
        foreach (int call in calls)
        {
            player.Play(call);
            machine.Verify();
        }
        player.EndAll();
        machine.Verify();
        return machine;
    }

    /// <summary>Turns numbers into calls.</summary>
    private sealed class Player(Machine machine)
    {
        private readonly List<TaskStruct> _tasks = [];
        private readonly List<(TaskStruct Task, long Address, int Pages)> _regions = [];

        public void Play(int number)
        {
            int what = number % 16;
            int rest = number / 16;
            _tasks.RemoveAll(task => task.Mm is null);
            _regions.RemoveAll(region => region.Task.Mm is null);
            machine.CurrentCpu = rest % machine.Options.Cpus;
            machine.Current = null;
            machine.Hierarchy.Root.DistributesMemory = true;
            switch (what)
            {
                case 0 or 1:
                    machine.Hierarchy.Mkdir(Paths[rest % Paths.Length]);
                    break;
                case 2:
                    machine.Hierarchy.Rmdir(Paths[rest % Paths.Length]);
                    break;
                case 3:
                    _tasks.Add(machine.Spawn(new SpawnOptions { Comm = "p", OomScoreAdj = (rest % 2001) - 1000 }));
                    break;
                case 4:
                    SetLimit(rest);
                    break;
                case 5:
                    machine.RunDueWork(machine.TimeNs + 1_000_000);
                    machine.Spend(1_000_000);
                    break;
                default:
                    PlayTask(what, rest);
                    break;
            }
        }

        private void SetLimit(int rest)
        {
            if (machine.Hierarchy.Find(Paths[rest % Paths.Length])?.OwnMemcg is { } memcg)
            {
                memcg.Memory.TrySetMax(200 + (rest % 500));
            }
        }

        private void PlayTask(int what, int rest)
        {
            if (_tasks.Count == 0)
            {
                return;
            }
            TaskStruct task = _tasks[rest % _tasks.Count];
            machine.As(task);
            switch (what)
            {
                case 6 or 7:
                    Attach(task, rest);
                    break;
                case 8 or 9:
                    Map(task, 1 + (rest % 300));
                    break;
                case 10 or 11 or 12 or 13:
                    Touch(task, rest);
                    break;
                case 14:
                    Unmap(rest);
                    break;
                default:
                    ForkOrDie(task, rest);
                    break;
            }
            Reap();
        }

        private void Attach(TaskStruct task, int rest)
        {
            if (machine.Hierarchy.Find(Paths[rest % Paths.Length]) is { } cgroup)
            {
                machine.Attach(cgroup, task.Pid, wholeProcess: true);
            }
        }

        private void Map(TaskStruct task, int pages)
        {
            (Errno errno, long address) = machine.Mmap(task, pages * 4096L, VmaFlags.Read | VmaFlags.Write);
            if (errno == Errno.None)
            {
                _regions.Add((task, address, pages));
                if (pages % 2 == 0)
                {
                    machine.Madvise(task, address, pages * 4096L, Advice.NoHugePage);
                }
            }
        }

        private void Touch(TaskStruct task, int rest)
        {
            foreach ((TaskStruct owner, long address, int pages) in _regions)
            {
                for (int page = 0; owner == task && page < pages; page++)
                {
                    if (machine.Touch(task, address + (page * 4096L), write: (rest & 8) == 0) == FaultOutcome.Killed)
                    {
                        return;
                    }
                }
            }
        }

        private void Unmap(int rest)
        {
            if (_regions.Count > 0)
            {
                (TaskStruct owner, long address, int pages) = _regions[rest % _regions.Count];
                int part = 1 + (rest % pages);
                machine.As(owner);
                machine.Munmap(owner, address, part * 4096L);
                _regions.RemoveAll(region => region.Address == address && region.Task == owner);
            }
        }

        private void ForkOrDie(TaskStruct task, int rest)
        {
            if (rest % 3 == 0)
            {
                machine.ExitGroup(task.Signal, 0, 0);
            }
            else if (machine.Fork(task).Child is { } child)
            {
                _tasks.Add(child);
                _regions.AddRange([.. _regions.Where(region => region.Task == task).Select(region => (child, region.Address, region.Pages))]);
            }
        }

        /// <summary>The killed leave when they next get a CPU.</summary>
        private void Reap()
        {
            foreach (TaskStruct task in _tasks)
            {
                if (task.FatalSignalPending)
                {
                    machine.ExitGroup(task.Signal, 0, 9);
                }
            }
        }

        public void EndAll()
        {
            machine.Current = null;
            foreach (TaskStruct task in _tasks)
            {
                machine.ExitGroup(task.Signal, 0, 0);
            }
            machine.RunDueWork(long.MaxValue - 1);
            for (int cpu = 0; cpu < machine.Options.Cpus; cpu++)
            {
                machine.Lru.Drain(cpu);
                machine.CurrentCpu = cpu;
            }
        }
    }
}
