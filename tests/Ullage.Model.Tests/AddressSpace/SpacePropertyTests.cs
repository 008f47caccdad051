using FsCheck;
using FsCheck.Fluent;
using Ullage.Abi;
using Ullage.Model.AddressSpace;
using Ullage.Model.Eras;
using Ullage.Model.Pages;

namespace Ullage.Model.Tests.AddressSpace;

/// <summary>Whatever is mapped, unmapped, moved, protected, forked and executed, with whatever arguments: <see cref="Machine.Verify"/> holds, and nothing is left at the end.</summary>
public sealed class SpacePropertyTests
{
    [Fact]
    public void AnySequenceOfCallsKeepsWhatIsCommittedAndLeavesNothing()
    {
        Gen<(int Era, int Version, int Mode, int[] Calls)> cases =
            from era in Gen.Choose(0, KernelEras.All.Length - 1)
            from version in Gen.Choose(1, 2)
            from mode in Gen.Choose(0, 2)
            from calls in Gen.ArrayOf(Gen.Choose(0, int.MaxValue - 1), 150)
            select (era, version, mode, calls);
        Dictionary<string, int> seen = [];
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(100).WithReplay(20150223, 47), Prop.ForAll(cases.ToArbitrary(), c =>
        {
            Machine machine = Machine.Boot(new MachineOptions { Era = KernelEras.All[c.Era], CgroupVersion = c.Version, MemoryBytes = 64 << 20, Cpus = 1 + (c.Calls[0] % 4) });
            machine.Overcommit.Mode = c.Mode;
            machine.Make("/a", 3000);
            long cgroups = KernelFramesBesideSlabs(machine); // what the memory cgroup itself takes
            Player player = new(machine, seen);
            foreach (int call in c.Calls)
            {
                player.Play(call);
                machine.Verify();
                machine.VerifyPageTables();
            }
            player.EndAll();
            machine.Verify();
            FrameUse left = machine.Frames.CountUse();
            left.ShouldSatisfyAllConditions(use => use.Anon.ShouldBe(0), use => use.Shmem.ShouldBe(0),
                use => KernelFramesBesideSlabs(machine).ShouldBe(cgroups, "no page table is left"));
            return machine.Overcommit.Exact == 0;
        }));
        foreach (string outcome in new[] { "mmap None", "mmap ENOMEM", "mmap EEXIST", "mmap EINVAL", "mremap EINVAL", "munmap None", "munmap EINVAL", "mremap None", "mremap ENOMEM", "mremap EFAULT", "mprotect None",
            "mprotect ENOMEM", "madvise None", "madvise ENOMEM", "brk moved", "brk refused", "fork None", "fork ENOMEM", "exec None", "touch Segv", "touch Bus", "touch Ok" })
        {
            seen.GetValueOrDefault(outcome).ShouldBeGreaterThan(0, $"the sequences must reach {outcome}");
        }
    }

    private static long KernelFramesBesideSlabs(Machine machine) =>
        machine.Frames.CountUse().Kernel - machine.Slab.TotalPages(reclaimable: true) - machine.Slab.TotalPages(reclaimable: false);

    private sealed class Player(Machine machine, Dictionary<string, int> seen)
    {
        private static readonly VmaFlags[] Kinds =
        [
            VmaFlags.Read | VmaFlags.Write, VmaFlags.Read | VmaFlags.Write, VmaFlags.Read, VmaFlags.None, VmaFlags.Read | VmaFlags.Write | VmaFlags.NoReserve,
            VmaFlags.Read | VmaFlags.Write | VmaFlags.Shared, VmaFlags.Read | VmaFlags.Write | VmaFlags.Shared | VmaFlags.NoReserve, VmaFlags.Read | VmaFlags.Shared,
        ];

        private readonly List<TaskStruct> _tasks = [];

        public void Play(int number)
        {
            (int what, int rest) = (number % 16, number / 16);
            _tasks.RemoveAll(task => task.Mm is null);
            if (_tasks.Count == 0 || what == 0)
            {
                if (_tasks.Count < 6)
                {
                    TaskStruct task = machine.Spawn(new SpawnOptions { Comm = "p", Uid = rest % 2, LimitAs = rest % 5 == 0 ? 64 << 20 : null, LimitData = rest % 7 == 0 ? 16 << 20 : null });
                    machine.Attach(rest % 3 == 0 ? machine.Hierarchy.Root : machine.Hierarchy.Find("/a")!, task.Pid, wholeProcess: true).ShouldBe(Errno.None);
                    _tasks.Add(task);
                }
                return;
            }
            TaskStruct acting = _tasks[rest % _tasks.Count];
            machine.CurrentCpu = rest % machine.Options.Cpus;
            machine.Current = acting;
            PlayTask(acting, what, rest / 7);
            foreach (TaskStruct each in _tasks)
            {
                if (each.FatalSignalPending)
                {
                    machine.ExitGroup(each.Signal, 0, 9);
                }
            }
        }

        private void PlayTask(TaskStruct task, int what, int rest)
        {
            (long address, long bytes) = Range(task, rest);
            switch (what)
            {
                case 1 or 2 or 3:
                    MapPlacement placement = (rest % 12) switch { 0 => MapPlacement.Fixed, 6 => MapPlacement.FixedNoReplace, _ => MapPlacement.Hint };
                    Note("mmap", machine.Mmap(task, Length(rest), Kinds[rest % Kinds.Length], rest % 3 == 0 ? address : 0, placement).Errno);
                    break;
                case 4:
                    Note("munmap", machine.Munmap(task, address, bytes));
                    break;
                case 5 or 6:
                    Note("mremap", machine.Mremap(task, address, bytes, rest % 2 == 0 ? bytes + Length(rest) : Length(rest), rest % 3 > 0, rest % 5 == 0 ? Range(task, rest / 5).Address : null).Errno);
                    break;
                case 7:
                    Note("mprotect", machine.Mprotect(task, address, bytes, Kinds[rest % 4]));
                    break;
                case 8:
                    Note("madvise", machine.Madvise(task, address, bytes, (Advice)(rest % 4)));
                    break;
                case 9:
                    long wanted = machine.Brk(task, 0) + (rest % 2 == 0 ? Length(rest) : -Length(rest));
                    Note(machine.Brk(task, wanted) == wanted ? "brk moved" : "brk refused");
                    break;
                case 10 or 11 or 12:
                    Touch(task, rest);
                    break;
                case 13:
                    machine.Populate(task, address, Math.Min(bytes, 1 << 20));
                    break;
                default:
                    Process(task, what, rest);
                    break;
            }
        }

        private void Process(TaskStruct task, int what, int rest)
        {
            switch (rest % 5)
            {
                case 0 when what == 14:
                    Note("exec", machine.Exec(task, "q"));
                    break;
                case 1 when what == 14:
                    machine.ExitGroup(task.Signal, 0, 0);
                    break;
                case 2 when what == 14:
                    machine.Overcommit.Mode = rest % 3;
                    machine.Overcommit.Ratio = rest % 200;
                    break;
                default:
                    if (_tasks.Count < 6)
                    {
                        (Errno errno, TaskStruct? child) = machine.Fork(task);
                        Note("fork", errno);
                        _tasks.AddRange(child is null ? [] : [child]);
                    }
                    break;
            }
        }

        /// <summary>Mostly a part of some mapping, a page or so beyond it, and now and then nonsense.</summary>
        private static (long Address, long Bytes) Range(TaskStruct task, int rest)
        {
            IReadOnlyList<Vma> vmas = task.Mm!.Vmas;
            Vma vma = vmas[rest % vmas.Count];
            long address = vma.StartAddress + (rest / 11 % Math.Min(vma.Pages, 64) << 12);
            long bytes = (vma.EndPage << 12) - address + (rest % 9 == 0 ? 8192 : 0) - (rest % 4 == 0 ? 4096 : 0);
            return (rest % 61) switch
            {
                0 => (address + 1, bytes),
                1 => (-address, bytes),
                2 => (address, long.MaxValue),
                3 => (long.MaxValue & ~4095L, 4096),
                4 => (address, -1),
                5 => (address, 0),
                _ => (address, bytes),
            };
        }

        private static long Length(int rest) => (rest % 67) switch
        {
            0 => 0, 1 => -1, 2 => long.MaxValue, 3 => 1L << 46, 4 => 1, 5 => 1L << 30, 6 => 60L << 20, _ => (rest % 500 << 12) + (rest % 3),
        };

        private void Touch(TaskStruct task, int rest)
        {
            (long address, _) = Range(task, rest);
            for (int page = -1; page < 40; page++)
            {
                FaultOutcome outcome = machine.Touch(task, address + (page * 4096L), rest % 3 > 0);
                Note("touch " + outcome);
                if (outcome is FaultOutcome.Killed or FaultOutcome.Bus)
                {
                    return;
                }
            }
        }

        private void Note(string call, Errno errno) => Note($"{call} {errno}");

        private void Note(string outcome) => seen[outcome] = seen.GetValueOrDefault(outcome) + 1;

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
            }
        }
    }
}
