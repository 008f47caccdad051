using Ullage.Model.Cgroups;
using Ullage.Model.Charging;
using Ullage.Model.Slab;

namespace Ullage.Model.Tests.Files;

/// <summary>The delta, deferred and batch rules (spec §4.8), with a shrinker of one's own.</summary>
public sealed class ShrinkerListTests
{
    private sealed class Recorder(long freeable, int seeks = 2, int batch = 0, bool aware = true) : IShrinker
    {
        public List<long> Scans { get; } = [];

        public bool Stops { get; init; }

        public string Name => "recorder";

        public int Seeks => seeks;

        public int Batch => batch;

        public bool MemcgAware => aware;

        public long Count(in ShrinkControl control) => freeable;

        public long Scan(in ShrinkControl control)
        {
            Scans.Add(control.ToScan);
            return Stops ? -1 : 0;
        }
    }

    private static (Machine Machine, MemCgroup Memcg) Prepare(string era)
    {
        Machine machine = Workloads.Boot(era);
        return (machine, machine.Make("/a").Memcg);
    }

    private static void Pass(Machine machine, MemCgroup memcg, int priority) => machine.Shrinkers.Shrink(memcg, Gfp.Kernel, new ShrinkDepth(priority, 0, 0));

    [Theory]
    [InlineData("5.4", 12, 0, 0)] // (4095 >> 12) * 4 / 2
    [InlineData("5.4", 11, 0, 2)]
    [InlineData("5.4", 5, 1, 126)] // 254: one batch of 128
    [InlineData("6.18", 5, 1, 126)]
    [InlineData("4.19", 12, 1, 0)] // at least a batch
    public void ShrinkScansByPriorityAndDefersWhatIsLessThanABatch(string era, int priority, int scans, long deferred)
    {
        (Machine machine, MemCgroup memcg) = Prepare(era);
        Recorder recorder = new(4095);
        machine.RegisterShrinker(recorder);

        Pass(machine, memcg, priority);

        recorder.Scans.ShouldBe(Enumerable.Repeat(128L, scans));
        machine.Shrinkers.Find(recorder)!.Deferred(memcg).ShouldBe(deferred);
    }

    [Fact]
    public void ShrinkOn415ScansTwiceWhatThereIsAndOwesTheRest()
    {
        (Machine machine, MemCgroup memcg) = Prepare("4.15");
        Recorder recorder = new(1000);
        machine.RegisterShrinker(recorder);

        Pass(machine, memcg, 12); // 4 * 32 / 2 * 1000 / (0 + 1) = 64000, at most 2000

        recorder.Scans.Sum().ShouldBe(1920); // 80 are less than a batch
        machine.Shrinkers.Find(recorder)!.Deferred(memcg).ShouldBe(64000 - 1920);
    }

    [Fact]
    public void ShrinkOn41OwesOnlyWhatIsLeftOfTheTotal()
    {
        (Machine machine, MemCgroup memcg) = Prepare("4.1");
        memcg.KmemActive = true;
        Recorder recorder = new(1000);
        machine.RegisterShrinker(recorder);

        Pass(machine, memcg, 12);

        machine.Shrinkers.Find(recorder)!.Deferred(memcg).ShouldBe(80);
    }

    [Theory]
    [InlineData("5.10", true)]
    [InlineData("6.1", false)]
    public void ShrinkPaysDebtsInFullBefore513AndByPrioritySince(string era, bool scans)
    {
        (Machine machine, MemCgroup memcg) = Prepare(era);
        Recorder recorder = new(4096);
        machine.RegisterShrinker(recorder);

        for (int i = 0; i < 6; i++)
        {
            Pass(machine, memcg, 8); // 32 each: four of them are a batch, unless debts are shifted away
        }

        (recorder.Scans.Count > 0).ShouldBe(scans);
    }

    [Fact]
    public void ShrinkOfFewObjectsWaitsForTheDebtToReachThem()
    {
        (Machine machine, MemCgroup memcg) = Prepare("5.4");
        Recorder recorder = new(10);
        machine.RegisterShrinker(recorder);

        Pass(machine, memcg, 1); // (10 >> 1) * 2 = 10: as many as there are

        recorder.Scans.ShouldBe([10]);
    }

    [Fact]
    public void ShrinkStopsWhereTheShrinkerSaysSoAndOwesAllOfIt()
    {
        (Machine machine, MemCgroup memcg) = Prepare("5.4");
        Recorder recorder = new(4096) { Stops = true };
        machine.RegisterShrinker(recorder);

        Pass(machine, memcg, 0);

        recorder.Scans.Count.ShouldBe(1);
        machine.Shrinkers.Find(recorder)!.Deferred(memcg).ShouldBe(8192);
        machine.Shrinkers.Scanned.ShouldBe(0);
    }

    [Theory]
    [InlineData("5.4")]
    [InlineData("4.15")]
    public void ShrinkAsksShrinkersWithoutMemcgsOnlyForTheWholeMachine(string era)
    {
        (Machine machine, MemCgroup memcg) = Prepare(era);
        Recorder recorder = new(4096, aware: false);
        machine.RegisterShrinker(recorder);

        Pass(machine, memcg, 0);
        recorder.Scans.ShouldBeEmpty();

        machine.Reclaim.DropSlab();
        recorder.Scans.ShouldNotBeEmpty();
    }

    [Fact]
    public void UnregisterShrinkerEndsIt()
    {
        (Machine machine, MemCgroup memcg) = Prepare("5.4");
        Recorder recorder = new(4096);
        machine.RegisterShrinker(recorder);
        machine.UnregisterShrinker(recorder).ShouldBeTrue();

        Pass(machine, memcg, 0);

        recorder.Scans.ShouldBeEmpty();
        machine.UnregisterShrinker(recorder).ShouldBeFalse();
    }
}
