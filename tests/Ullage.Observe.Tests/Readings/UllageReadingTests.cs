using Ullage.Observe.Fields;
using Ullage.Observe.Readings;
using Ullage.Observe.Sampling;

namespace Ullage.Observe.Tests.Readings;

/// <summary>The distance to the kill: limit - what cannot be reclaimed, the least on the way up.</summary>
public sealed class UllageReadingTests
{
    private const long M = 1 << 20;

    private static (Field, long)[] Level(long limit, long usage, long inactiveFile = 0, long activeFile = 0, long dirty = 0, long anon = 0, long slab = 0) =>
    [
        (CgroupFields.Limit, limit), (CgroupFields.Usage, usage), (CgroupFields.InactiveFile, inactiveFile), (CgroupFields.ActiveFile, activeFile),
        (CgroupFields.FileDirty, dirty), (CgroupFields.FileWriteback, 0), (CgroupFields.InactiveAnon, anon), (CgroupFields.ActiveAnon, 0),
        (CgroupFields.SlabReclaimable, slab),
    ];

    private static Sample Chain(params (string Path, (Field, long)[] Values)[] levels)
    {
        Sample sample = Samples.Chain(2, 1, [.. levels.Select((level, at) => (level.Path, (ulong)at + 1, level.Values))]);
        sample.SetHost(HostFields.MemTotal, 4096 * M);
        sample.SetHost(HostFields.MemAvailable, 2000 * M);
        return sample;
    }

    [Fact]
    public void CleanPageCacheAndSlabThatShrinksAreNotInTheWayDirtyPagesAre()
    {
        Sample sample = Chain(("/", []), ("/a", Level(100 * M, 90 * M, inactiveFile: 30 * M, activeFile: 20 * M, dirty: 10 * M, slab: 5 * M)));
        sample.SetAbsent(CgroupFields.Limit, 0, Absence.NoFile);
        UllageReading ullage = UllageReading.Of(sample, 1);
        ullage.Bytes.ShouldBe((100 - (90 - 40 - 5)) * M);
        ullage.RoomBytes.ShouldBe(10 * M);
        ullage.Binding.HeldBytes.ShouldBe(45 * M);
        ullage.IsWhole.ShouldBeTrue();
        UllageReading.WorkingSetOf(sample, 1).ShouldBe(60 * M);
    }

    [Fact]
    public void TheTightestLevelBindsNotTheSmallestLimit()
    {
        Sample sample = Chain(("/", Level(Sample.Unlimited, 700 * M)), ("/a", Level(500 * M, 480 * M)), ("/a/b", Level(100 * M, 10 * M)));
        UllageReading ullage = UllageReading.Of(sample, 2);
        ullage.Bytes.ShouldBe(20 * M);
        UllageReading.NameOf(sample, ullage.Binding).ShouldBe("/a");
        UllageReading.LevelsOf(sample, 2).Select(level => UllageReading.NameOf(sample, level)).ShouldBe(["/a/b", "/a", "machine"]);
    }

    [Fact]
    public void TheMachineBindsWhenItHasLessThanAnyLimitLeaves()
    {
        Sample sample = Chain(("/", Level(Sample.Unlimited, 0)), ("/a", Level(3000 * M, 10 * M)));
        UllageReading.Of(sample, 1).Binding.Kind.ShouldBe(LimitKind.Machine);
        UllageReading.Of(sample, 1).Bytes.ShouldBe(2000 * M);
        UllageReading.Of(sample, 1).RoomBytes.ShouldBe(2990 * M);
        sample.SetHost(HostFields.SwapFree, 500 * M);
        sample.SetHost(HostFields.AnonPages, 300 * M);
        UllageReading.Of(sample, 1).Bytes.ShouldBe(2300 * M);
    }

    [Fact]
    public void AnonymousMemoryCountsAsReclaimableAsFarAsSwapHasRoom()
    {
        Sample sample = Chain(("/", Level(Sample.Unlimited, 0)), ("/a", Level(100 * M, 90 * M, anon: 80 * M)));
        sample.SetHost(HostFields.SwapFree, 30 * M);
        UllageReading.Of(sample, 1).Bytes.ShouldBe(40 * M);
        sample.Set(CgroupFields.SwapLimit, 1, 25 * M);
        sample.Set(CgroupFields.Swap, 1, 20 * M);
        UllageReading.Of(sample, 1).Bytes.ShouldBe(15 * M);
        sample.SetHost(HostFields.Swappiness, 0);
        UllageReading.Of(sample, 1).Bytes.ShouldBe(10 * M);
    }

    [Fact]
    public void MemoryAndSwapTogetherAreNotRelievedBySwapping()
    {
        Sample sample = Samples.Chain(1, 1, ("/", 1, []), ("/a", 2,
            [.. Level(100 * M, 90 * M, inactiveFile: 10 * M, anon: 60 * M), (CgroupFields.MemswLimit, 110 * M), (CgroupFields.MemswUsage, 105 * M)]));
        sample.SetHost(HostFields.SwapFree, 1000 * M);
        UllageReading ullage = UllageReading.Of(sample, 1);
        ullage.Binding.Kind.ShouldBe(LimitKind.MemoryAndSwap);
        ullage.Bytes.ShouldBe((110 - (105 - 10)) * M);
    }

    [Fact]
    public void TheLimitOfKernelMemoryBindsUnlessTheKernelDoesNotKeepIt()
    {
        (Field, long)[] kmem = [.. Level(100 * M, 50 * M, inactiveFile: 50 * M), (CgroupFields.KernelLimit, 20 * M), (CgroupFields.Kernel, 19 * M)];
        UllageLevel bound = UllageReading.Of(Samples.Chain(1, 1, ("/", 1, []), ("/a", 2, kmem)), 1).Binding;
        (bound.Kind, bound.UllageBytes).ShouldBe((LimitKind.KernelMemory, M));
        kmem[^1] = (CgroupFields.Kernel, 40 * M);
        UllageReading.Of(Samples.Chain(1, 1, ("/", 1, []), ("/a", 2, kmem)), 1).Binding.Kind.ShouldBe(LimitKind.Memory);
    }

    [Fact]
    public void ALimitThatCannotBeReadMakesTheAnswerUncertainAndUnknownPartsCountAsHeld()
    {
        Sample sample = Chain(("/", Level(Sample.Unlimited, 0)), ("/a", [(CgroupFields.Limit, 100 * M), (CgroupFields.Usage, 60 * M)]), ("/a/b", []));
        sample.SetAbsent(CgroupFields.Limit, 2, Absence.NoPermission);
        UllageReading ullage = UllageReading.Of(sample, 2);
        ullage.IsWhole.ShouldBeFalse();
        ullage.Bytes.ShouldBe(40 * M);
        ullage.Binding.IsGuess.ShouldBeTrue();
        UllageReading.UnreadOf(sample, 2).ShouldHaveSingleItem().ShouldContain("EACCES");
    }

    [Fact]
    public void WithoutLimitsAndMachineThereIsNoAnswer()
    {
        Sample sample = Samples.Chain(2, 1, ("/", 1, []));
        UllageReading.Of(sample, 0).Bytes.ShouldBeNull();
        UllageReading.LevelsOf(sample, 0).ShouldBeEmpty();
    }

    [Fact]
    public void UsageThatCannotGoBelowTheLimitLeavesNothing() =>
        UllageReading.Of(Chain(("/", Level(Sample.Unlimited, 0)), ("/a", Level(100 * M, 120 * M))), 1).Bytes.ShouldBe(0);

    [Fact]
    public void OfAllocatesNothing()
    {
        Sample sample = Chain(("/", Level(Sample.Unlimited, 700 * M)), ("/a", Level(500 * M, 480 * M)), ("/a/b", Level(100 * M, 10 * M)));
        _ = UllageReading.Of(sample, 2);
        long before = GC.GetAllocatedBytesForCurrentThread();
        _ = UllageReading.Of(sample, 2);
        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBe(0);
    }
}
