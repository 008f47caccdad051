using FsCheck;
using FsCheck.Fluent;
using Ullage.Abi;
using Ullage.Model.AddressSpace;
using Ullage.Model.Charging;
using Ullage.Model.Files;

namespace Ullage.Model.Tests.Reclaim;

/// <summary>Random workloads under limits, with and without swap: after every step all invariants hold.</summary>
public sealed class ReclaimPropertyTests
{
    private sealed class World
    {
        private readonly Machine _machine;
        private readonly TaskStruct[] _tasks;
        private readonly FileHandle[] _files;
        private readonly long[] _areas;

        public World(string era, long swapBytes)
        {
            _machine = Machine.Boot(new MachineOptions { Era = Workloads.Era(era), CgroupVersion = 2, Cpus = 2, MemoryBytes = 64L << 20, SwapBytes = swapBytes });
            _machine.Make("/a");
            _machine.Hierarchy.Find("/a")!.DistributesMemory = true;
            _tasks = [Enter("/a/x"), Enter("/a/y")];
            _files = [Open("/one"), Open("/two")];
            _areas = [.. _tasks.Select(task => _machine.Mmap(task, 400 * 4096, VmaFlags.Read | VmaFlags.Write).Address)];
            Memcg("/a").Memory.TrySetMax(600);
        }

        private TaskStruct Enter(string path) => _machine.Enter(_machine.Make(path));

        private MemCgroup Memcg(string path) => _machine.Hierarchy.Find(path)!.Memcg;

        private FileHandle Open(string path)
        {
            _machine.CreateFile(path, 1000 * 4096).ShouldBe(Errno.None);
            return _machine.OpenData(path).File.ShouldNotBeNull();
        }

        public void Step(int operation, int a, int b)
        {
            int who = a % 2;
            if (_tasks[who].State == TaskState.Zombie || _tasks[who].FatalSignalPending)
            {
                return; // the OOM killer's
            }
            _machine.As(_tasks[who]);
            Act(operation, who, a, b);
            _machine.RunDueWork(_machine.TimeNs);
            _machine.Verify();
        }

        private void Act(int operation, int who, int a, int b)
        {
            switch (operation % 8)
            {
                case 0 or 1:
                    _machine.ReadData(_tasks[who], _files[a / 2 % 2], b % 1000 * 4096, (1 + (a % 40)) * 4096);
                    break;
                case 2:
                    _machine.WriteData(_tasks[who], _files[a / 2 % 2], b % 1000 * 4096, 4096);
                    break;
                case 3 or 4:
                    for (int i = 0; i < a % 60; i++)
                    {
                        _machine.Touch(_tasks[who], _areas[who] + ((b + i) % 400 * 4096), write: a % 3 != 0);
                    }
                    break;
                case 5:
                    _machine.Reclaim.TryToFreePages(new Model.Reclaim.ScanControl(Memcg(who == 0 ? "/a/x" : "/a"), 1 + (b % 100), MaySwap: a % 3 != 0, Proactive: a % 5 == 0));
                    break;
                case 6:
                    Memcg(who == 0 ? "/a/x" : "/a/y").Low = b % 500;
                    break;
                default:
                    _machine.DropData(_files[who]);
                    break;
            }
        }
    }

    [Theory]
    [MemberData(nameof(Workloads.Eras), MemberType = typeof(Workloads))]
    public void AnyWorkloadKeepsTheInvariants(string era)
    {
        Gen<int> any = Gen.Choose(0, 1 << 20);
        Gen<(int Operation, int A, int B)> step = any.SelectMany(operation => any.SelectMany(a => any.Select(b => (operation, a, b))));
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(12), Prop.ForAll(step.ArrayOf(30).ToArbitrary(), list =>
        {
            World world = new(era, list.Length % 2 == 0 ? 8L << 20 : 0);
            foreach ((int operation, int a, int b) in list)
            {
                world.Step(operation, a, b);
            }
        }));
    }
}
