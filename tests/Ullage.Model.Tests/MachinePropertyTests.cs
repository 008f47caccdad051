using FsCheck;
using FsCheck.Fluent;
using Ullage.Abi;
using Ullage.Model.AddressSpace;
using Ullage.Model.Cgroups;
using Ullage.Model.Charging;
using Ullage.Model.Kernfs;
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
        Config config = Config.QuickThrowOnFailure.WithMaxTest(200);
        long kills = 0;
        long faults = 0;
        long writes = 0;
        long refused = 0;
        Check.One(config, Prop.ForAll(cases.ToArbitrary(), c =>
        {
            Machine machine = Run(KernelEras.All[c.Era], c.Version, c.Calls, ref writes, ref refused);
            kills += machine.Oom.Kills;
            faults += machine.Faults.Count;
            return machine.Frames.CountCharged(machine.Hierarchy.HighestId).Skip(1).Sum() <= machine.Swap.Cached; // what was on its way out is left to reclaim
        }));
        kills.ShouldBeGreaterThan(5, "the sequences must reach the OOM killer");
        faults.ShouldBeGreaterThan(5_000);
        writes.ShouldBeGreaterThan(500);
        refused.ShouldBeInRange(writes / 10, writes * 9 / 10, "both good and bad values must be tried");
    }

    private static Machine Run(KernelEra era, int version, int[] calls, ref long writes, ref long refused)
    {
        Machine machine = Machine.Boot(new MachineOptions
        {
            Era = era, CgroupVersion = version, Seed = (ulong)calls[0], MemoryBytes = 64 << 20, Cpus = 1 + (calls[1] % 4), SwapBytes = (calls[2] % 3) * 4L << 20,
        });
        Player player = new(machine);
        foreach (int call in calls)
        {
            player.Play(call);
            machine.Verify();
        }
        player.EndAll();
        writes += player.Writes;
        refused += player.Refused;
        machine.Verify();
        return machine;
    }

    /// <summary>Turns numbers into calls.</summary>
    private sealed class Player(Machine machine)
    {
        private readonly List<TaskStruct> _tasks = [];
        private readonly List<int> _descriptors = [];
        private readonly List<OpenFile> _open = [];

        public long Writes { get; private set; }

        public long Refused { get; private set; }

        private readonly List<(TaskStruct Task, long Address, int Pages)> _regions = [];

        public void Play(int number)
        {
            int what = number % 20;
            int rest = number / 20;
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
                case 16 or 17 or 18:
                    WriteControl(rest);
                    break;
                case 19:
                    Watch(rest);
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

        /// <summary>Some value to some control file of some cgroup; whatever the kernel answers, it answers. Read afterwards.</summary>
        private void WriteControl(int rest)
        {
            Cgroup cgroup = machine.Hierarchy.Find(Paths[rest % Paths.Length]) ?? machine.Hierarchy.Root;
            string directory = machine.CgroupDirectory(cgroup) + "/";
            string[] files = [.. machine.Files.List(directory).Names.Where(name => !name.EndsWith('/'))];
            string file = directory + files[rest / 5 % files.Length];
            string[] values =
            [
                "0", "1", "2", "3", "-1", "max", "", "\n", "abc", "1M", $"{rest % 900}K", $"{rest % 3000}K", "+memory", "-memory", "99999999999999999999", "1M swappiness=5",
                $"{Pid(rest)}", $"{_descriptors.ElementAtOrDefault(rest % 7)} {_descriptors.ElementAtOrDefault(rest % 5)} {(rest % 2 == 0 ? "1M" : "low,local")}",
            ];
            string value = values[rest / 64 % values.Length];
            machine.Current = rest % 3 == 0 && _tasks.Count > 0 && _tasks[rest % _tasks.Count].State == TaskState.Running ? _tasks[rest % _tasks.Count] : null;
            Errno errno = machine.Files.Write(file, value);
            machine.Current = null;
            Writes++;
            Refused += errno == Errno.None ? 0 : 1;
            machine.Files.Read(file);
            Reap();
        }

        private int Pid(int rest) => _tasks.Count > 0 ? _tasks[rest % _tasks.Count].Pid : 0;

        /// <summary>Holds a file open, writes and reads through it; makes an eventfd.</summary>
        private void Watch(int rest)
        {
            Cgroup cgroup = machine.Hierarchy.Find(Paths[rest % Paths.Length]) ?? machine.Hierarchy.Root;
            string[] files = ["memory.peak", "memory.events", "cgroup.events", "memory.usage_in_bytes", "memory.oom_control", "memory.pressure_level"];
            if (machine.Open(machine.CgroupDirectory(cgroup) + "/" + files[rest / 5 % files.Length]).File is { } open)
            {
                _open.Add(open);
                _descriptors.Add(open.Descriptor);
            }
            _descriptors.Add(machine.MakeEventFd().Descriptor);
            foreach (OpenFile each in _open)
            {
                each.Write(rest % 2 == 0 ? "x" : "");
                each.Read();
                _ = each.HasChanged;
            }
            if (rest % 4 == 0 && _open.Count > 0)
            {
                _open[0].Close();
                _open.RemoveAt(0);
            }
            machine.SoftLimits.TakeLargest();
            machine.Pressure.Account(cgroup.Memcg, Gfp.Kernel, tree: rest % 2 == 0, rest % 1000, rest % 300);
            foreach (MemCgroup memcg in machine.Hierarchy.Memcgs)
            {
                machine.Protection.Of(machine.Hierarchy.Root.Memcg, memcg);
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
            if (task.State != TaskState.Running)
            {
                return; // it waits for room
            }
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
                    if (machine.Touch(task, address + (page * 4096L), write: (rest & 8) == 0) is FaultOutcome.Killed or FaultOutcome.WaitForOom)
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
