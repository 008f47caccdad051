using FsCheck;
using FsCheck.Fluent;
using Ullage.Abi;
using Ullage.Model.Cgroups;
using Ullage.Model.Files;

namespace Ullage.Model.Tests.Files;

/// <summary>Whatever happens, list sizes are counters are links, and slabs hold the dentries that live or wait, and nothing else.</summary>
public sealed class DentryPropertyTests
{
    private static readonly string[] Names = [.. Workloads.Eras.Select(row => (string)row[0])];

    [Fact]
    public void VerifyHoldsAfterAnySequenceOfLookupsAndReclaim()
    {
        Gen<(int Kind, int A, int B)> step = Gen.Choose(0, 7).SelectMany(kind => Gen.Choose(0, 2).SelectMany(a => Gen.Choose(0, 5000).Select(b => (kind, a, b))));
        Gen<(int Era, (int Kind, int A, int B)[] Steps)> plan =
            Gen.Choose(0, Names.Length - 1).SelectMany(era => step.ArrayOf(24).Select(steps => (era, steps)));
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(100), Prop.ForAll(plan.ToArbitrary(), each => Run(Names[each.Era], each.Steps)));
    }

    private static void Run(string era, (int Kind, int A, int B)[] steps)
    {
        Machine machine = Workloads.Boot(era);
        Cgroup[] cgroups = [machine.Make("/a"), machine.Make("/a/b"), machine.Make("/c")];
        foreach (string path in new[] { "a", "a/b", "c" })
        {
            machine.Files.Write($"/sys/fs/cgroup/memory/{path}/memory.kmem.limit_in_bytes", "4M");
        }
        TaskStruct[] tasks = [.. cgroups.Select(cgroup => machine.Enter(cgroup))];
        DiskDirectory[] directories = [machine.Directory("/data"), machine.Directory("/data/deep/er"), machine.Directory("/dev/shm")];
        int made = 0;
        for (int i = 0; i < steps.Length; i++)
        {
            (int kind, int a, int b) = steps[i];
            Step(machine, cgroups, tasks, directories, kind, a, b, ref made);
            if (i % 4 == 3) // the check walks the whole machine
            {
                machine.Verify();
                VerifySlabs(machine);
            }
        }
        machine.Dcache.Barrier();
        machine.Verify();
        VerifySlabs(machine);
    }

    private static void Step(Machine machine, Cgroup[] cgroups, TaskStruct[] tasks, DiskDirectory[] directories, int kind, int a, int b, ref int made)
    {
        machine.As(tasks[a]);
        switch (kind)
        {
            case 0:
            case 1:
            case 2:
                for (int i = 0; i < b / 4 && !tasks[a].IsDying; i++)
                {
                    machine.Stat(tasks[a], directories[(kind + b) % 3], b + i).ShouldBeOneOf(Errno.ENOENT, Errno.ENOMEM);
                }
                break;
            case 3:
                machine.Files.Write($"/sys/fs/cgroup/memory{cgroups[a].Path}/memory.force_empty", "0");
                break;
            case 4:
                machine.Files.Write("/proc/sys/vm/drop_caches", "2").ShouldBe(Errno.None);
                break;
            case 5:
                machine.RunDueWork(machine.TimeNs + (b * 10_000L));
                break;
            case 6:
                machine.Reclaim.TryToFreePages(new Model.Reclaim.ScanControl(cgroups[a].Memcg, 1 + b, MaySwap: true));
                break;
            default:
                machine.Attach(machine.Hierarchy.Root, tasks[a].Pid, wholeProcess: true);
                machine.Mkdir($"/x{made}").ShouldBe(Errno.None);
                cgroups[a] = machine.Hierarchy.Find($"/x{made++}")!;
                machine.Attach(cgroups[a], tasks[a].Pid, wholeProcess: true);
                foreach (string gone in new[] { "/a/b", "/a", "/c", $"/x{made - 2}" })
                {
                    machine.Rmdir(gone);
                }
                break;
        }
    }

    private static void VerifySlabs(Machine machine) =>
        machine.Slab.ObjectsInUse(machine.Slab.Known.Dentry).ShouldBe(machine.Dcache.Live + machine.Dcache.Waiting);
}
