using FsCheck;
using FsCheck.Fluent;
using Ullage.Abi;
using Ullage.Model.AddressSpace;
using Ullage.Model.Cgroups;
using Ullage.Model.Eras;
using Ullage.Model.Pages;

namespace Ullage.Model.Tests.Pages;

/// <summary>Several nodes, cpusets, policies, advice and memory pressure in any order: the invariants hold, and pages lie only where they may.</summary>
public sealed class NodePropertyTests
{
    private const long Page = 4096;

    [Fact]
    public void AnySequenceOnSeveralNodesKeepsTheInvariantsAndTheWalls()
    {
        Gen<(int Era, int Version, int Nodes, int[] Calls)> cases =
            from era in Gen.Choose(0, KernelEras.All.Length - 1)
            from version in Gen.Choose(1, 2)
            from nodes in Gen.Choose(2, 3)
            from calls in Gen.ArrayOf(Gen.Choose(0, int.MaxValue - 1), 60)
            select (era, version, nodes, calls);
        long kills = 0;
        long constrained = 0;
        long lazy = 0;
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(16), Prop.ForAll(cases.ToArbitrary(), c =>
        {
            Machine machine = Machine.Boot(new MachineOptions
            {
                Era = KernelEras.All[c.Era], CgroupVersion = c.Version, Nodes = c.Nodes, MemoryBytes = c.Nodes * 64L << 20, Cpus = 3, V1Hierarchies = ["cpuset,memory"],
                SwapBytes = (c.Calls[0] % 3) * 8L << 20, Seed = (ulong)c.Calls[1],
            });
            machine.Overcommit.Mode = 1;
            Player player = new(machine);
            for (int i = 0; i < c.Calls.Length; i++)
            {
                player.Play(c.Calls[i]);
                if (i % 15 == 0)
                {
                    machine.Verify();
                    machine.VerifyPageTables();
                }
            }
            player.EndAll();
            machine.Verify();
            kills += machine.Oom.Kills;
            lazy += machine.Vm[VmItem.PgLazyFree];
            constrained += machine.Log.Records.Count(record => record.Text.Contains("CONSTRAINT_CPUSET") || record.Text.Contains("CONSTRAINT_MEMORY_POLICY"));
            return machine.Frames.Nodes.Sum(node => node.Free) == machine.Frames.Free;
        }));
        kills.ShouldBeGreaterThan(5, "the sequences must reach the OOM killer");
        constrained.ShouldBeGreaterThan(0, "and some of them by a constraint");
        lazy.ShouldBeGreaterThan(100);
    }

    /// <summary>Turns numbers into calls.</summary>
    private sealed class Player
    {
        private readonly Machine _machine;
        private readonly string _root;
        private readonly List<TaskStruct> _tasks = [];
        private readonly List<(TaskStruct Task, long Address, int Pages)> _regions = [];

        public Player(Machine machine)
        {
            _machine = machine;
            _root = machine.CgroupDirectory(machine.Hierarchy.Root);
            if (machine.Options.CgroupVersion == 2)
            {
                machine.Files.Write(_root + "/cgroup.subtree_control", "+memory").ShouldBe(Errno.None);
                _ = machine.Files.Write(_root + "/cgroup.subtree_control", "+cpuset"); // EINVAL to 4.20
            }
            foreach (string name in new[] { "a", "b" })
            {
                machine.Hierarchy.Mkdir("/" + name).ShouldBe(Errno.None);
                _ = machine.Files.Write($"{_root}/{name}/cpuset.cpus", "0-2");
                _ = machine.Files.Write($"{_root}/{name}/cpuset.mems", name == "a" ? "0" : "1");
            }
        }

        private string SomeNodes(int rest) => (rest % 5) switch { 0 => "0", 1 => "1", 2 => "0-1", 3 => "", _ => (_machine.Options.Nodes - 1).ToString() };

        public void Play(int number)
        {
            int what = number % 12;
            int rest = number / 12;
            _tasks.RemoveAll(task => task.Mm is null || task.Exiting);
            _regions.RemoveAll(region => !_tasks.Contains(region.Task));
            _machine.CurrentCpu = rest % 3;
            _machine.Current = null;
            switch (what)
            {
                case 0:
                    Spawn(rest);
                    break;
                case 1:
                    _ = _machine.Files.Write($"{_root}/{(rest % 2 == 0 ? "a" : "b")}/cpuset.mems", SomeNodes(rest / 2));
                    break;
                case 2:
                    _machine.RunDueWork(_machine.TimeNs + 20_000_000);
                    _machine.Spend(20_000_000);
                    break;
                default:
                    PlayTask(what, rest);
                    break;
            }
        }

        private void Spawn(int rest)
        {
            TaskStruct task = _machine.Spawn(new SpawnOptions { Comm = "p" });
            if (task.Mm is null)
            {
                return;
            }
            _tasks.Add(task);
            if (rest % 3 < 2)
            {
                _ = _machine.Attach(_machine.Hierarchy.Find(rest % 3 == 0 ? "/a" : "/b")!, task.Pid, wholeProcess: true);
            }
        }

        private void PlayTask(int what, int rest)
        {
            if (_tasks.Count == 0)
            {
                Spawn(rest);
                return;
            }
            TaskStruct task = _tasks[rest % _tasks.Count];
            _machine.Current = task;
            NodeMask some = new((ulong)(1 + (rest / 7 % 7)));
            switch (what)
            {
                case 3 or 4 or 5 or 6:
                    Grow(task, 1 + (rest / 5 % 6000));
                    break;
                case 7:
                    _ = _machine.SetMempolicy(task, (rest % 4) switch { 0 => null, 1 => PolicyMode.Preferred, 2 => PolicyMode.Interleave, _ => PolicyMode.Bind }, rest % 4 == 0 ? default : some);
                    break;
                case 8:
                    _ = _machine.Attach(_machine.Hierarchy.Find(rest / 3 % 2 == 0 ? "/a" : "/b")!, task.Pid, wholeProcess: true);
                    break;
                default:
                    PlayRegion(what, rest, some);
                    break;
            }
        }

        private void PlayRegion(int what, int rest, NodeMask some)
        {
            if (_regions.Count == 0)
            {
                return;
            }
            (TaskStruct task, long address, int pages) = _regions[rest % _regions.Count];
            _machine.Current = task;
            switch (what)
            {
                case 9:
                    _ = _machine.Madvise(task, address, pages * Page, (rest / 3 % 3) switch { 0 => Advice.Free, 1 => Advice.WillNeed, _ => Advice.DontNeed });
                    break;
                case 10:
                    _ = _machine.Mbind(task, address, pages * Page, PolicyMode.Bind, some);
                    break;
                default:
                    (Errno errno, long moved) = _machine.Mremap(task, address, pages * Page, pages * Page, mayMove: true, keepsOld: true);
                    if (errno == Errno.None)
                    {
                        _regions.Add((task, moved, pages));
                    }
                    break;
            }
        }

        /// <summary>New pages must lie on nodes that the task's policy and cpuset allow, unless it is dying.</summary>
        private void Grow(TaskStruct task, int pages)
        {
            (Errno errno, long address) = _machine.Mmap(task, pages * Page, VmaFlags.Read | VmaFlags.Write);
            if (errno != Errno.None)
            {
                return;
            }
            _regions.Add((task, address, pages));
            NodeMask allowed = _machine.Oom.AllowedTo(task);
            NodeMask nodes = task.Policy is { Mode: PolicyMode.Bind } bound ? bound.Nodes.And(allowed) : allowed;
            for (int page = 0; page < pages; page++)
            {
                FaultOutcome outcome = _machine.Touch(task, address + (page * Page), write: true);
                if (outcome == FaultOutcome.Killed || task.FatalSignalPending)
                {
                    _machine.ExitGroup(task.Signal, 0, 9); // it goes back to user space no more
                    return;
                }
                if (outcome != FaultOutcome.Ok)
                {
                    return;
                }
                long number = (address / Page) + page;
                int entry = _machine.Faults.Ptes.Entry(task.Mm!.PteTableOf(number)!.Table, (int)(number & 511));
                nodes.Has(_machine.Frames.NodeIdOf(entry - 1)).ShouldBeTrue($"page on node {_machine.Frames.NodeIdOf(entry - 1)}, allowed {nodes}");
            }
        }

        public void EndAll()
        {
            foreach (TaskStruct task in _tasks)
            {
                _machine.Current = null;
                if (!task.Signal.Ended)
                {
                    _machine.ExitGroup(task.Signal, 0, 0);
                }
            }
            _machine.RunDueWork(_machine.TimeNs + 10_000_000_000);
        }
    }
}
