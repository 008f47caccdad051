using Ullage.Abi;
using Ullage.Model.AddressSpace;
using Ullage.Model.Files;

namespace Ullage.Model.Tests.Files;

public sealed class PageCachePropertyTests
{
    public static IEnumerable<object[]> Eras => Workloads.Eras;

    [Theory]
    [MemberData(nameof(Eras))]
    public void AnyMixOfFileOperationsKeepsTheMachineWhole(string era)
    {
        for (ulong seed = 1; seed <= 3; seed++)
        {
            Run(era, seed);
        }
    }

    private static void Run(string era, ulong seed)
    {
        SimRandom random = new(seed);
        FileRig rig = new(era, 600, limitPages: 300, version: seed % 2 == 0 ? 2 : 1, latencyNs: seed == 3 ? 50_000 : 0);
        FileHandle written = rig.Open("/data/w", create: true);
        long address = rig.Machine.MmapData(rig.Task, rig.File, 600 * 4096, VmaFlags.Read | VmaFlags.Write | VmaFlags.Shared).Address;
        for (int step = 0; step < 3000; step++)
        {
            Step(rig, written, address, random);
            if (step % 250 == 0)
            {
                rig.Machine.Verify();
                rig.Machine.VerifyPageTables();
            }
        }
        rig.Machine.Munmap(rig.Task, address, 600 * 4096).ShouldBe(Errno.None);
        rig.Machine.UnlinkData("/data/w").ShouldBe(Errno.None);
        rig.Machine.CloseData(written);
        rig.Machine.ExitGroup(rig.Task.Signal, 0, 0);
        rig.Machine.Verify();
    }

    private static void Step(FileRig rig, FileHandle written, long address, SimRandom random)
    {
        long page = random.Below(600);
        switch (random.Below(12))
        {
            case 0 or 1 or 2:
                rig.Machine.ReadData(rig.Task, rig.File, page * 4096, 4096 * (1 + random.Below(20))).Errno.ShouldBe(Errno.None);
                break;
            case 3 or 4:
                rig.Machine.WriteData(rig.Task, written, (page * 4096) + random.Below(4096), 1 + random.Below(9000)).Errno.ShouldBe(Errno.None);
                break;
            case 5 or 6 or 7:
                rig.Machine.Touch(rig.Task, address + (page * 4096), write: page % 3 == 0).ShouldBe(FaultOutcome.Ok);
                break;
            case 8:
                rig.Machine.AdviseData(rig.File, (FileAdvice)random.Below(3));
                break;
            case 9:
                rig.Machine.SpendAndRunDue(1_000_000);
                break;
            case 10 when page < 60:
                rig.Machine.TruncateData(written, page * 4096).ShouldBe(Errno.None);
                break;
            case 11 when page < 60:
                rig.Machine.Files.Write("/proc/sys/vm/drop_caches", "1").ShouldBe(Errno.None);
                break;
            case 11 when page < 100:
                rig.Machine.SyncData(written);
                break;
        }
    }
}
