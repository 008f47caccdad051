using Ullage.Model.AddressSpace.Malloc;
using Ullage.Model.Tests.Pressure;

namespace Ullage.Model.Tests.AddressSpace.Malloc;

/// <summary>calloc, realloc, aligned allocation and malloc_trim of glibc, and what the kernel sees of them.</summary>
public sealed class ResizeTests
{
    private const long MiB = 1 << 20;
    private const long KiB = 1 << 10;

    private static (GlibcMalloc Malloc, RecordingMallocCalls Calls) Start(GlibcRules? release = null)
    {
        RecordingMallocCalls calls = new();
        return (new GlibcMalloc(calls, new MallocOptions { Release = release ?? GlibcReleases.V2_36 }), calls);
    }

    [Fact]
    public void ReallocOfAMappingIsMremapUpAndDown()
    {
        (GlibcMalloc malloc, RecordingMallocCalls calls) = Start();
        long address = malloc.Malloc(0, MiB);
        calls.Forget();
        long grown = malloc.Realloc(0, address, 4 * MiB);
        MallocCall up = calls.Calls.ShouldHaveSingleItem();
        (up.Kind, up.Address, up.Bytes).ShouldBe((MallocCallKind.Mremap, address - 16, (4 * MiB) + 4096));
        grown.ShouldBe(up.Result + 16);
        malloc.Realloc(0, grown, (4 * MiB) + 100).ShouldBe(grown, "the mapping has room for that");
        calls.Calls.Count.ShouldBe(1);
        long shrunk = malloc.Realloc(0, grown, 200 * KiB);
        (calls.Calls[^1].Kind, calls.Calls[^1].Bytes).ShouldBe((MallocCallKind.Mremap, (200 * KiB) + 4096));
        malloc.Info().Hblkhd.ShouldBe((200 * KiB) + 4096);
        malloc.Verify();
        malloc.Free(0, shrunk);
        calls.MappedBytes.ShouldBe(0);
    }

    [Fact]
    public void ReallocRefusedByTheKernelKeepsTheOldMemory()
    {
        RecordingMallocCalls calls = new() { LimitAs = 8 * MiB };
        GlibcMalloc malloc = new(calls, new MallocOptions { Release = GlibcReleases.V2_36 });
        long address = malloc.Malloc(0, 5 * MiB);
        malloc.Realloc(0, address, 9 * MiB).ShouldBe(0);
        malloc.UsableBytes(address).ShouldBeGreaterThanOrEqualTo(5 * MiB);
        malloc.Realloc(0, address, -1).ShouldBe(0);
        malloc.Verify();
    }

    [Fact]
    public void ReallocInTheHeapGrowsIntoTheTopOverANeighbourOrMoves()
    {
        (GlibcMalloc malloc, RecordingMallocCalls calls) = Start();
        long first = malloc.Malloc(0, 2000);
        malloc.Realloc(0, first, 3000).ShouldBe(first, "the top is behind it");
        long second = malloc.Malloc(0, 2000);
        long third = malloc.Malloc(0, 2000);
        malloc.Free(0, second);
        malloc.Realloc(0, first, 4500).ShouldBe(first, "its neighbour is free");
        long moved = malloc.Realloc(0, first, 9000);
        moved.ShouldBeGreaterThan(third);
        malloc.UsableBytes(first).ShouldBe(0);
        malloc.Realloc(0, moved, 1200).ShouldBe(moved);
        malloc.UsableBytes(moved).ShouldBe(1208, "what is left over was freed");
        calls.Calls.Count(call => call.Kind == MallocCallKind.Brk && call.Bytes > 0).ShouldBe(1, "all of it within the first 132 KiB");
        malloc.Verify();
    }

    [Fact]
    public void ReallocOfNothingIsMallocAndToNothingIsFree()
    {
        (GlibcMalloc malloc, _) = Start();
        long address = malloc.Realloc(0, 0, 100);
        address.ShouldBeGreaterThan(0);
        malloc.Realloc(0, address, 0).ShouldBe(0);
        malloc.UsableBytes(address).ShouldBe(0);
        Should.Throw<ArgumentException>(() => malloc.Realloc(0, address, 50)).Message.ShouldContain("invalid pointer");
    }

    [Fact]
    public void CallocLeavesFreshPagesAloneAndClearsUsedOnes()
    {
        (GlibcMalloc malloc, RecordingMallocCalls calls) = Start();
        malloc.Malloc(0, 10);
        long before = calls.Writes;
        malloc.Calloc(0, 1, 8 * MiB).ShouldBeGreaterThan(0);
        (calls.Writes - before).ShouldBeLessThan(4, "a mapping of its own is clear");
        before = calls.Writes;
        malloc.Calloc(0, 100, 1000).ShouldBeGreaterThan(0);
        (calls.Writes - before).ShouldBeInRange(24, 28, "the top was there before: 25 pages are cleared");
        before = calls.Writes;
        malloc.Calloc(0, 1, 120_000).ShouldBeGreaterThan(0);
        (calls.Writes - before).ShouldBeInRange(7, 14, "the break moved for it: only what the top was before is cleared");
        malloc.Calloc(0, long.MaxValue / 2, 3).ShouldBe(0, "the product overflows");
        malloc.Verify();
    }

    [Theory]
    [InlineData(64, 1000)]
    [InlineData(4096, 5000)]
    [InlineData(2 << 20, 100)]
    [InlineData(4096, 3 << 20)]
    [InlineData(100, 100)]
    public void MemalignGivesTheAlignmentAndFreesWhatIsLeft(long alignment, long bytes)
    {
        (GlibcMalloc malloc, RecordingMallocCalls calls) = Start();
        long power = (long)System.Numerics.BitOperations.RoundUpToPowerOf2((ulong)alignment);
        List<long> held = [];
        for (int i = 0; i < 20; i++)
        {
            held.Add(malloc.Memalign(0, alignment, bytes));
            (held[^1] % power).ShouldBe(0);
            malloc.UsableBytes(held[^1]).ShouldBeGreaterThanOrEqualTo(bytes);
            held.Add(malloc.Malloc(0, 40));
        }
        malloc.Verify();
        held.ForEach(address => malloc.Free(0, address));
        malloc.Verify();
        calls.MappedBytes.ShouldBe(0);
        malloc.Memalign(0, 1L << 62, 1).ShouldBe(0);
    }

    [Fact]
    public void ReallocOfAnAlignedMappingKeepsItsStart()
    {
        (GlibcMalloc malloc, RecordingMallocCalls calls) = Start();
        long address = malloc.Memalign(0, 65_536, 2 * MiB);
        long grown = malloc.Realloc(0, address, 6 * MiB);
        malloc.UsableBytes(grown).ShouldBeGreaterThanOrEqualTo(6 * MiB);
        malloc.Verify();
        malloc.Free(0, grown);
        calls.MappedBytes.ShouldBe(0);
        malloc.Info().Hblkhd.ShouldBe(0);
    }

    [Fact]
    public void TrimGivesPagesInsideFreeChunksAndTheTopBack()
    {
        (GlibcMalloc malloc, RecordingMallocCalls calls) = Start();
        List<long> held = [];
        for (int i = 0; i < 40; i++)
        {
            held.Add(malloc.Malloc(0, 50_000));
        }
        for (int i = 0; i < 39; i += 2)
        {
            malloc.Free(0, held[i]); // each between two that are in use: nothing comes back
        }
        calls.Forget();
        malloc.Trim(0).ShouldBeTrue();
        MallocCall[] advised = [.. calls.Calls.Where(call => call.Kind == MallocCallKind.Madvise)];
        advised.Length.ShouldBe(20);
        advised.ShouldAllBe(call => call.Address % 4096 == 0 && call.Bytes % 4096 == 0 && call.Bytes >= 45_056);
        calls.Calls.ShouldContain(call => call.Kind == MallocCallKind.Brk && call.Bytes < 0);
        malloc.Info().Keepcost.ShouldBeLessThan(4096 + 33, "no pad was asked for");
        malloc.Verify();
        malloc.Trim(0).ShouldBeTrue("pages inside chunks are given back again, whether they are there or not");
        calls.Forget();
        malloc.Trim(10 * MiB);
        calls.Calls.ShouldNotContain(call => call.Kind == MallocCallKind.Brk && call.Bytes < 0);
    }

    [Fact]
    public void Section7_3_TrimThresholdOfMalloptTurnsTheDynamicThresholdOff()
    {
        RecordingMallocCalls calls = new();
        GlibcMalloc malloc = new(calls, new MallocOptions { Release = GlibcReleases.V2_36, TrimThreshold = 1 << 20 });
        malloc.Free(0, malloc.Malloc(0, 4 * MiB));
        malloc.MmapThreshold.ShouldBe(128 << 10);
        List<long> held = [.. Enumerable.Range(0, 10).Select(_ => malloc.Malloc(0, 100_000))];
        held.Reverse();
        calls.Forget();
        held.ForEach(address => malloc.Free(0, address));
        calls.Calls.Count(call => call.Kind == MallocCallKind.Brk && call.Bytes < 0).ShouldBe(1, "once the top has a mebibyte");
    }

    [Fact]
    public void InAProcessReallocMovesPagesWithoutFaults()
    {
        Machine machine = Workloads.Boot("6.12", 2, cpus: 1);
        TaskStruct task = machine.Enter(machine.Make("/g"));
        machine.Probes.TryAttach("__vm_enough_memory").ShouldBeTrue();
        ProcessMalloc malloc = new(machine, task);
        long address = malloc.Malloc(4 << 20);
        for (long at = 0; at < 4 << 20; at += 4096)
        {
            machine.Touch(task, address + at, write: true).ShouldBe(Model.AddressSpace.FaultOutcome.Ok);
        }
        long anon = task.Mm!.AnonPages;
        malloc.Malloc(1 << 20).ShouldBeGreaterThan(0); // in the way below
        long moved = malloc.Realloc(address, 16 << 20);
        moved.ShouldNotBe(0);
        task.Mm.AnonPages.ShouldBe(anon);
        for (long at = 0; at < 4 << 20; at += 4096)
        {
            machine.IsResident(task, moved + at).ShouldBeTrue();
        }
        ProbeStackTests.Modelled(machine, "__vm_enough_memory").Keys.ShouldContain(stack =>
            stack.Contains("vma_to_resize;__do_sys_mremap") && stack.EndsWith("mremap;mremap_chunk;__libc_realloc"));
        malloc.Trim();
        malloc.Free(malloc.Memalign(1 << 16, 100_000));
        malloc.Free(malloc.Calloc(10, 10));
        machine.Verify();
        machine.VerifyPageTables();
    }
}
