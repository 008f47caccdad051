using Ullage.Abi;
using Ullage.Model.AddressSpace;

namespace Ullage.Model.Tests.AddressSpace;

/// <summary>§7.2: mappings at an address that the program insists on, by mmap and by mremap.</summary>
public sealed class FixedMappingTests
{
    private const VmaFlags Rw = VmaFlags.Read | VmaFlags.Write;
    private const long MiB = 1 << 20;

    private static (Machine Machine, TaskStruct Task, long Address) Start(string era, int uid = 0)
    {
        Machine machine = Workloads.Boot(era, 2, cpus: 1);
        TaskStruct task = machine.Spawn(new SpawnOptions { Comm = "p", Uid = uid });
        machine.Attach(machine.Make("/a"), task.Pid, wholeProcess: true);
        machine.As(task);
        return (machine, task, machine.Mmap(task, 4 * MiB, Rw).Address);
    }

    [Theory]
    [MemberData(nameof(Workloads.Eras), MemberType = typeof(Workloads))]
    public void MapFixedReplacesWhatIsThereAndGivesItsPagesBack(string era)
    {
        (Machine machine, TaskStruct task, long address) = Start(era);
        for (long at = 0; at < 4 * MiB; at += 4096)
        {
            machine.Touch(task, address + at, write: true);
        }
        long anon = task.Mm!.AnonPages;
        long total = task.Mm.TotalPages;
        machine.Mmap(task, 2 * MiB, VmaFlags.Read, address + MiB, MapPlacement.Fixed).ShouldBe((Errno.None, address + MiB));
        (anon - task.Mm.AnonPages).ShouldBe(512);
        task.Mm.TotalPages.ShouldBe(total);
        machine.Touch(task, address + MiB, write: true).ShouldBe(FaultOutcome.Segv);
        machine.Touch(task, address, write: true).ShouldBe(FaultOutcome.Ok);
        machine.IsResident(task, address + (3 * MiB)).ShouldBeTrue();
        machine.Verify();
        machine.VerifyPageTables();
    }

    [Theory]
    [InlineData("4.15", Errno.None, false)]
    [InlineData("4.19", Errno.EEXIST, true)]
    [InlineData("6.18", Errno.EEXIST, true)]
    public void MapFixedNoReplaceIsAHintBefore4_17(string era, Errno expected, bool known)
    {
        (Machine machine, TaskStruct task, long address) = Start(era);
        (Errno errno, long at) = machine.Mmap(task, MiB, Rw, address + MiB, MapPlacement.FixedNoReplace);
        errno.ShouldBe(expected);
        (at != 0 && at != address + MiB).ShouldBe(!known);
        machine.Mmap(task, MiB, Rw, address - (64 * MiB), MapPlacement.FixedNoReplace).ShouldBe((Errno.None, address - (64 * MiB)));
        machine.Verify();
    }

    [Fact]
    public void MapFixedRefusesAddressesThatCannotBe()
    {
        (Machine machine, TaskStruct task, long address) = Start("6.12");
        machine.Mmap(task, MiB, Rw, address + 1, MapPlacement.Fixed).Errno.ShouldBe(Errno.EINVAL);
        machine.Mmap(task, MiB, Rw, 4096, MapPlacement.Fixed).Errno.ShouldBe(Errno.EPERM);
        machine.Mmap(task, MiB, Rw, Mm.TaskSizePages << 12, MapPlacement.Fixed).Errno.ShouldBe(Errno.ENOMEM);
        machine.Mmap(task, 0, Rw, address, MapPlacement.Fixed).Errno.ShouldBe(Errno.EINVAL);
        machine.Verify();
    }

    /// <summary>A mapping over another one for which there is no promise left: up to 6.11 the other one is gone all the same.</summary>
    [Theory]
    [InlineData("5.10", false)]
    [InlineData("6.12", true)]
    public void MapFixedThatIsRefusedKeepsTheOldOneFrom6_12(string era, bool kept)
    {
        (Machine machine, TaskStruct task, _) = Start(era);
        machine.Overcommit.Mode = Overcommit.Never;
        long half = (machine.Overcommit.Limit - machine.Overcommit.Exact) / 2;
        long address = machine.Mmap(task, half * 4096, VmaFlags.Read).Address; // read only: not accounted
        machine.Mmap(task, half * 4096 * 2 * 95 / 100, Rw).Errno.ShouldBe(Errno.None);
        machine.Mmap(task, half * 4096, Rw, address, MapPlacement.Fixed).Errno.ShouldBe(Errno.ENOMEM);
        (task.Mm!.Find(address >> 12) is not null).ShouldBe(kept);
        machine.Verify();
    }

    [Theory]
    [MemberData(nameof(Workloads.Eras), MemberType = typeof(Workloads))]
    public void MremapFixedMovesPagesToTheAddressAndReplacesWhatIsThere(string era)
    {
        (Machine machine, TaskStruct task, long from) = Start(era);
        long target = machine.Mmap(task, 8 * MiB, Rw).Address;
        for (long at = 0; at < 4 * MiB; at += 4096)
        {
            machine.Touch(task, from + at, write: true);
        }
        machine.Touch(task, target, write: true);
        long anon = task.Mm!.AnonPages;
        machine.Mremap(task, from, 4 * MiB, 6 * MiB, mayMove: true, target).ShouldBe((Errno.None, target));
        task.Mm.AnonPages.ShouldBe(anon - 1, "the page that was there");
        machine.IsResident(task, target + (3 * MiB)).ShouldBeTrue();
        machine.Touch(task, from, write: false).ShouldBe(FaultOutcome.Segv);
        machine.Mremap(task, target, 6 * MiB, MiB, mayMove: true, from).ShouldBe((Errno.None, from));
        machine.Touch(task, target + (2 * MiB), write: false).ShouldBe(FaultOutcome.Segv, "the rest was cut off");
        machine.Touch(task, target + (7 * MiB), write: false).ShouldBe(FaultOutcome.Ok, "what the mapping did not cover is still there");
        machine.Verify();
        machine.VerifyPageTables();
    }

    [Fact]
    public void MremapFixedRefusals()
    {
        (Machine machine, TaskStruct task, long from) = Start("6.12");
        machine.Mremap(task, from, 4 * MiB, 4 * MiB, mayMove: false, from + (64 * MiB)).Errno.ShouldBe(Errno.EINVAL, "it must be allowed to move");
        machine.Mremap(task, from, 4 * MiB, 4 * MiB, mayMove: true, from + MiB).Errno.ShouldBe(Errno.EINVAL, "the ranges overlap");
        machine.Mremap(task, from, 4 * MiB, 4 * MiB, mayMove: true, from + (64 * MiB) + 1).Errno.ShouldBe(Errno.EINVAL);
        machine.Mremap(task, from - (64 * MiB), MiB, MiB, mayMove: true, from - (32 * MiB)).Errno.ShouldBe(Errno.EFAULT);
        machine.Verify();
    }
}
