using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Ullage.Abi;
using Ullage.Model.AddressSpace;
using Ullage.Model.Cgroups;
using Ullage.Model.Charging;
using Ullage.Model.Eras;

namespace Ullage.Model.Tests.Cgroups;

/// <summary>Over random trees, tasks and limits: a migration that fails leaves every task, count and charge as before; one that succeeds loses nothing.</summary>
public sealed class MigrationPropertyTests
{
    private static readonly string[] Paths = ["/a", "/a/b", "/a/b/c", "/d", "/d/e"];

    /// <summary>Refuses as it is told to.</summary>
    private sealed class Whimsical : Controller
    {
        public override string Name => "whimsical";

        public bool Refuses { get; set; }

        protected internal override Errno CanAttach(TaskSet tasks) => Refuses ? Errno.EPERM : Errno.None;
    }

    [Fact]
    public void AMigration_ThatFails_LeavesEverythingAsItWas()
    {
        int refusedByController = 0;
        int refusedByMemory = 0;
        int done = 0;
        Gen<(int Era, int Version, int Before, int[] Numbers)> cases =
            from era in Gen.Choose(1, KernelEras.All.Length - 1)
            from version in Gen.Choose(1, 2)
            from before in Gen.Choose(0, 2)
            from numbers in Gen.ArrayOf(Gen.Choose(0, int.MaxValue - 1), 60)
            select (era, version, before, numbers);
        Config config = Config.QuickThrowOnFailure.WithMaxTest(60).WithReplay(20151105, 31);
        Check.One(config, Prop.ForAll(cases.ToArbitrary(), c =>
        {
            Machine machine = Boot(KernelEras.All[c.Era], c.Version);
            Whimsical whimsical = new();
            machine.Controllers.Add(whimsical, c.Before switch { 0 => "memory", 1 => "pids", _ => null });
            List<TaskStruct> tasks = Populate(machine, c.Numbers);
            for (int i = 20; i < c.Numbers.Length; i++)
            {
                int number = c.Numbers[i];
                TaskStruct task = tasks[number % tasks.Count];
                Cgroup destination = machine.Hierarchy.Find(Paths[number / 16 % Paths.Length])!;
                whimsical.Refuses = number % 3 == 0;
                destination.Memcg.MoveChargeAtImmigrate = machine.Era.Cgroups.ChargeMovingGone ? 0 : (ulong)(number / 128 % 4);
                Settle(machine);
                string before = Describe(machine);
                Errno errno = machine.Attach(destination, task.Pid, wholeProcess: number % 5 != 0);
                machine.Verify();
                done += errno == Errno.None ? 1 : 0;
                refusedByController += errno == Errno.EPERM ? 1 : 0;
                refusedByMemory += errno == Errno.ENOMEM ? 1 : 0;
                if (errno != Errno.None)
                {
                    Describe(machine).ShouldBe(before, $"after {errno}");
                }
            }
            return true;
        }));
        done.ShouldBeGreaterThan(200);
        refusedByController.ShouldBeGreaterThan(100);
        refusedByMemory.ShouldBeGreaterThan(20, "charge moving must run out of room, too");
    }

    private static Machine Boot(KernelEra era, int version)
    {
        Machine machine = Machine.Boot(new MachineOptions
        {
            Era = era, CgroupVersion = version, MemoryBytes = 64 << 20, V1Hierarchies = ["memory,pids", "name=systemd"],
        });
        if (version == 2)
        {
            machine.Files.Write("/sys/fs/cgroup/cgroup.subtree_control", "+memory +pids").ShouldBe(Errno.None);
        }
        foreach (string path in Paths)
        {
            machine.Hierarchy.Mkdir(path).ShouldBe(Errno.None);
        }
        return machine;
    }

    /// <summary>Processes with threads and memory here and there, limits on some cgroups.</summary>
    private static List<TaskStruct> Populate(Machine machine, int[] numbers)
    {
        List<TaskStruct> tasks = [];
        for (int i = 0; i < 8; i++)
        {
            Cgroup home = machine.Hierarchy.Find(Paths[numbers[i] % Paths.Length])!;
            TaskStruct task = machine.Spawn(new SpawnOptions { Comm = "p" });
            if (machine.Attach(home, task.Pid, wholeProcess: true) != Errno.None)
            {
                continue;
            }
            machine.As(task);
            machine.Grow(task, numbers[i] / 8 % 300, out _);
            tasks.Add(task);
            for (int t = numbers[i] / 4096 % 3; t > 0 && machine.Clone(task).Thread is { } thread; t--)
            {
                tasks.Add(thread);
            }
        }
        machine.Current = null;
        for (int i = 8; i < 12; i++)
        {
            machine.Hierarchy.Find(Paths[numbers[i] % Paths.Length])!.Memcg.Memory.TrySetMax(numbers[i] / 8 % 1500);
        }
        return tasks;
    }

    /// <summary>What reclaim for charges in advance would do by the way is done: pages that wait for their list, work of other CPUs.</summary>
    private static void Settle(Machine machine)
    {
        machine.RunDueWork(machine.TimeNs + 1_000_000_000);
        machine.Spend(1_000_000_000);
        for (int cpu = 0; cpu < machine.Options.Cpus; cpu++)
        {
            machine.Lru.Drain(cpu);
            machine.Slab.DrainStock(cpu); // a migration that finds no room reclaims, and that gives back what stocks keep
        }
    }

    /// <summary>All that users could see, without what counts attempts: failcnt, watermarks, peaks. A stock is usage that is no page's.</summary>
    private static string Describe(Machine machine)
    {
        StringBuilder text = new();
        foreach (TaskStruct task in machine.Tasks.All)
        {
            text.AppendLine($"{task} {task.CssSet.Places()} {task.CssSet.References} {machine.Files.Read($"/proc/{task.Pid}/cgroup").Text}");
        }
        foreach (string path in Paths)
        {
            Cgroup cgroup = machine.Hierarchy.Find(path)!;
            long below = 0;
            foreach (MemCgroup memcg in machine.Hierarchy.Memcgs)
            {
                below += memcg.IsDescendantOf(cgroup.Memcg) ? machine.Stock.PagesOf(memcg) : 0;
            }
            text.Append($"{path} usage {cgroup.Memcg.Memory.Usage - below} kmem {cgroup.Memcg.Kmem.Usage} refs {cgroup.Memcg.References} pids {cgroup.Pids?.Current} tasks {cgroup.Tasks.Count}");
            for (MemcgStat stat = 0; stat < MemcgStat.InactiveAnon; stat++)
            {
                text.Append($" {cgroup.Memcg.Stats.Exact(stat)}");
            }
            text.AppendLine();
        }
        return text.AppendLine($"{machine.CssSets.All.Count} css_sets, free {machine.Frames.Free}, kills {machine.Oom.Kills}").ToString();
    }
}
