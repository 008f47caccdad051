using Ullage.Model.AddressSpace.Malloc;

namespace Ullage.Model.Tests.AddressSpace.Malloc;

/// <summary>§7.3: constants and rules of glibc's malloc. Where a test says "measured", a program on glibc 2.36 did just this under strace(1).</summary>
public sealed class GlibcMallocTests
{
    private const long MiB = 1 << 20;

    public static IEnumerable<object[]> Releases => GlibcReleases.All.Select(release => new object[] { release.Name });

    private static (GlibcMalloc Malloc, RecordingMallocCalls Calls) Make(string release, Func<MallocOptions, MallocOptions>? change = null, RecordingMallocCalls? calls = null)
    {
        calls ??= new RecordingMallocCalls();
        MallocOptions options = new() { Release = GlibcReleases.Find(release).ShouldNotBeNull() };
        return (new GlibcMalloc(calls, change is null ? options : change(options)), calls);
    }

    private static long[] Sizes(RecordingMallocCalls calls, MallocCallKind kind) => [.. calls.Calls.Where(call => call.Kind == kind).Select(call => call.Bytes)];

    [Theory]
    [MemberData(nameof(Releases))]
    public void MallocWhenFirstAndSmallMovesTheBreakBy0x21000(string release)
    {
        (GlibcMalloc malloc, RecordingMallocCalls calls) = Make(release);
        malloc.Malloc(0, 24).ShouldBeGreaterThan(0);
        calls.Calls.Count.ShouldBe(2);
        calls.Calls[0].ShouldBe(new MallocCall(MallocCallKind.Brk, 0, 0, calls.StartBreak));
        calls.Calls[1].Bytes.ShouldBe(0x21000);
        malloc.Verify();
    }

    [Theory]
    [MemberData(nameof(Releases))]
    public void MallocOfOneMebibyteMapsOnePageMore(string release)
    {
        (GlibcMalloc malloc, RecordingMallocCalls calls) = Make(release);
        long address = malloc.Malloc(0, MiB);
        Sizes(calls, MallocCallKind.Mmap).ShouldBe([1_052_672]);
        malloc.UsableBytes(address).ShouldBe(1_052_656);
        malloc.ArenaNumber(address).ShouldBe(-1);
        malloc.Info().Hblkhd.ShouldBe(1_052_672);
    }

    [Theory]
    [InlineData(131_048, 0)]
    [InlineData(131_049, 1)]
    [InlineData(131_056, 1)]
    public void MallocMapsFromTheThresholdOn(long bytes, int mappings)
    {
        (GlibcMalloc malloc, RecordingMallocCalls calls) = Make("2.36");
        malloc.Malloc(0, 1);
        malloc.Malloc(0, 60_000);
        malloc.Malloc(0, bytes);
        Sizes(calls, MallocCallKind.Mmap).Length.ShouldBe(mappings);
    }

    [Theory]
    [MemberData(nameof(Releases))]
    public void FreeOfAMappedChunkMovesTheThresholdAndTheNextOneUsesBrk(string release)
    {
        (GlibcMalloc malloc, RecordingMallocCalls calls) = Make(release);
        malloc.Free(0, malloc.Malloc(0, MiB));
        malloc.MmapThreshold.ShouldBe(1_052_672);
        malloc.TrimThreshold.ShouldBe(2 * 1_052_672);
        calls.Forget();
        malloc.Malloc(0, MiB).ShouldBeGreaterThan(0);
        calls.Calls.ShouldAllBe(call => call.Kind == MallocCallKind.Brk);
        malloc.Verify();
    }

    [Fact]
    public void FreeOfMoreThan32MebibytesLeavesTheThreshold()
    {
        (GlibcMalloc malloc, _) = Make("2.36");
        malloc.Free(0, malloc.Malloc(0, 32 * MiB));
        malloc.MmapThreshold.ShouldBe(131_072);
        malloc.Free(0, malloc.Malloc(0, (32 * MiB) - 4096));
        malloc.MmapThreshold.ShouldBe(32 * MiB);
    }

    [Fact]
    public void FreeWithAFixedThresholdLeavesIt()
    {
        (GlibcMalloc malloc, RecordingMallocCalls calls) = Make("2.36", options => options with { TopPad = 0 });
        malloc.Free(0, malloc.Malloc(0, MiB));
        malloc.MmapThreshold.ShouldBe(131_072);
        Sizes(calls, MallocCallKind.Brk).ShouldBe([0, 4096], "the first is a question, and there is no top_pad");
    }

    [Theory]
    [MemberData(nameof(Releases))]
    public void MallocOfAThreadTakesAHeapOf64MebibytesAtAMultipleOfThat(string release)
    {
        (GlibcMalloc malloc, RecordingMallocCalls calls) = Make(release);
        long address = malloc.Malloc(malloc.BeginThread(), 100);
        Sizes(calls, MallocCallKind.MmapReserve).ShouldBe([128 * MiB]);
        Sizes(calls, MallocCallKind.Munmap).Sum().ShouldBe(64 * MiB);
        calls.MappedBytes.ShouldBe(64 * MiB);
        MallocCall writable = calls.Calls.Where(call => call.Kind == MallocCallKind.Mprotect).ShouldHaveSingleItem();
        writable.Bytes.ShouldBe(135_168);
        (writable.Address % (64 * MiB)).ShouldBe(0);
        malloc.ArenaNumber(address).ShouldBe(1);
        calls.Calls.ShouldNotContain(call => call.Kind == MallocCallKind.Brk);
        malloc.Verify();
    }

    [Theory]
    [InlineData(2, 0, 16)]
    [InlineData(4, 0, 32)]
    [InlineData(1, 0, 9)] // the limit of 8 is looked at only when there are more than 8
    [InlineData(2, 1, 1)]
    [InlineData(64, 4, 4)]
    public void ArenasAreLimitedTo8ForEachCpuOrAsSet(int cpus, int max, int arenas)
    {
        (GlibcMalloc malloc, _) = Make("2.36", options => options with { Cpus = cpus, ArenaMax = max });
        for (int i = 0; i < 100; i++)
        {
            malloc.Malloc(malloc.BeginThread(), 1000).ShouldBeGreaterThan(0);
        }
        malloc.Arenas.ShouldBe(arenas);
        malloc.Verify();
    }

    [Fact]
    public void EndThreadLeavesItsArenaToTheNextOne()
    {
        (GlibcMalloc malloc, RecordingMallocCalls calls) = Make("2.36");
        for (int i = 0; i < 20; i++)
        {
            int thread = malloc.BeginThread();
            malloc.Free(thread, malloc.Malloc(thread, 100));
            malloc.EndThread(thread);
            malloc.Verify();
        }
        malloc.Arenas.ShouldBe(2);
        Sizes(calls, MallocCallKind.MmapReserve).Length.ShouldBe(1);
        Should.Throw<ArgumentOutOfRangeException>(() => malloc.Malloc(1, 1));
    }

    /// <summary>Measured: 1500 chunks of 100000 bytes in a thread fill two heaps and begin a third; the end of the first goes into the thread's cache.</summary>
    [Fact]
    public void MallocInAThreadGoesOnInFurtherHeaps()
    {
        (GlibcMalloc malloc, _) = Make("2.36");
        malloc.Malloc(0, 272); // what creating a thread allocates
        int thread = malloc.BeginThread();
        malloc.Malloc(thread, 128);
        for (int i = 0; i < 1500; i++)
        {
            malloc.Malloc(thread, 100_000).ShouldBeGreaterThan(0);
        }
        malloc.Stats().ShouldBe(
            """
            Arena 0:
            system bytes     =     135168
            in use bytes     =        944
            Arena 1:
            system bytes     =  150032384
            in use bytes     =  150028064
            Total (incl. mmap):
            system bytes     =  150167552
            in use bytes     =  150029008
            max mmap regions =          0
            max mmap bytes   =          0

            """);
        malloc.Verify();
    }

    /// <summary>
    /// Measured: the old heap's top, freed when a new heap begins, is enough to trim, which unmaps the new heap again, because it is still empty.
    /// The thread's arena has no memory then, and the main arena serves the request.
    /// </summary>
    [Fact]
    public void MallocInAThreadFallsBackToTheMainArenaWhenItsNewHeapIsTrimmedAway()
    {
        (GlibcMalloc malloc, RecordingMallocCalls calls) = Make("2.36", options => options with { MmapThreshold = 32 * MiB });
        malloc.Malloc(0, 272);
        int thread = malloc.BeginThread();
        long first = malloc.Malloc(thread, 20 * MiB);
        malloc.Malloc(thread, 20 * MiB);
        malloc.Free(thread, malloc.Malloc(thread, 100_000));
        Sizes(calls, MallocCallKind.Mprotect).ShouldBe([135_168, 20_840_448, 20_971_520, 102_400]);
        calls.Forget();
        long last = malloc.Malloc(thread, 30 * MiB);
        calls.Calls.Where(call => call.Kind == MallocCallKind.Mprotect).ShouldHaveSingleItem().Bytes.ShouldBe(31_592_448);
        calls.Calls.Last(call => call.Kind == MallocCallKind.Munmap).Bytes.ShouldBe(64 * MiB);
        calls.Calls[^1].Kind.ShouldBe(MallocCallKind.Brk);
        (malloc.ArenaNumber(first), malloc.ArenaNumber(last)).ShouldBe((1, 0));
        (first % (64 * MiB)).ShouldBe(0xb70);
        malloc.Verify();
    }

    [Theory]
    [InlineData("2.22", true)]
    [InlineData("2.26", true)]
    [InlineData("2.36", false)]
    public void MallocRetriesWithANewArenaUnlessThereIsOneThread(string release, bool retries)
    {
        RecordingMallocCalls calls = new() { Blocker = 0x5555_5555_9000, LimitData = 900_000 };
        (GlibcMalloc malloc, _) = Make(release, null, calls);
        long address = malloc.Malloc(0, 1000);
        (address != 0).ShouldBe(retries);
        calls.Calls.ShouldContain(call => call.Kind == MallocCallKind.Mmap && call.Bytes == MiB && call.Result == -1);
        malloc.Arenas.ShouldBe(retries ? 2 : 1);
        malloc.Verify();
    }

    [Fact]
    public void MallocRetriesWithANewArenaOnceThereWasAThread()
    {
        RecordingMallocCalls calls = new() { Blocker = 0x5555_5555_9000, LimitData = 900_000 };
        (GlibcMalloc malloc, _) = Make("2.36", null, calls);
        malloc.BeginThread();
        malloc.Malloc(0, 1000).ShouldBeGreaterThan(0);
        malloc.Arenas.ShouldBe(2);
    }

    [Theory]
    [MemberData(nameof(Releases))]
    public void MallocAnswersNullWhenNothingCanBeHad(string release)
    {
        RecordingMallocCalls calls = new() { LimitAs = 1 };
        (GlibcMalloc malloc, _) = Make(release, null, calls);
        malloc.Malloc(0, 1000).ShouldBe(0);
        malloc.Malloc(malloc.BeginThread(), 1000).ShouldBe(0);
        malloc.Malloc(0, MiB).ShouldBe(0);
        malloc.Malloc(0, -1).ShouldBe(0);
        calls.Calls.Where(call => call.Address != 0).ShouldAllBe(call => call.Result == -1 || call.Result == calls.StartBreak);
        malloc.Arenas.ShouldBe(1);
        malloc.Verify();
    }

    [Theory]
    [InlineData("2.22", 1_048_576)]
    [InlineData("2.26", 1_048_576)]
    [InlineData("2.36", 135_168)]
    public void MallocMapsAgainAndAgainWhereTheHeapIsBlocked(string release, long second)
    {
        (GlibcMalloc malloc, RecordingMallocCalls calls) = Make(release);
        malloc.Malloc(0, 1);
        calls.Blocker = calls.Break + 4096;
        for (int i = 0; i < 3000; i++)
        {
            malloc.Malloc(0, 1000).ShouldBeGreaterThan(0);
        }
        long[] sizes = Sizes(calls, MallocCallKind.Mmap);
        sizes[0].ShouldBe(MiB);
        sizes[1].ShouldBe(second);
        malloc.Verify();
    }

    [Theory]
    [InlineData(false, MallocCallKind.Madvise)]
    [InlineData(true, MallocCallKind.MmapOver)]
    public void FreeInAThreadShrinksTheHeapAsOvercommitAsks(bool never, MallocCallKind expected)
    {
        RecordingMallocCalls calls = new() { OvercommitsNever = never };
        (GlibcMalloc malloc, _) = Make("2.36", null, calls);
        int thread = malloc.BeginThread();
        long[] chunks = [.. Enumerable.Range(0, 10).Select(_ => malloc.Malloc(thread, 100_000))];
        calls.Forget();
        foreach (long chunk in chunks)
        {
            malloc.Free(thread, chunk);
        }
        calls.Calls.ShouldHaveSingleItem().Kind.ShouldBe(expected);
        malloc.Verify();
        malloc.Malloc(thread, 100_000);
        malloc.Malloc(thread, 100_000);
        calls.Calls.Count(call => call.Kind == MallocCallKind.Mprotect).ShouldBe(never ? 1 : 0, "what was only emptied is still writable");
    }

    [Fact]
    public void FreedSmallChunksGoToTheCacheFrom2_26On()
    {
        foreach (GlibcRules release in GlibcReleases.All)
        {
            (GlibcMalloc malloc, _) = Make(release.Name);
            long[] chunks = [.. Enumerable.Range(0, 10).Select(_ => malloc.Malloc(0, 24))];
            foreach (long chunk in chunks)
            {
                malloc.Free(0, chunk);
            }
            malloc.Info().Smblks.ShouldBe(release.HasTcache ? 3 : 10, release.Name);
            malloc.Malloc(0, 24).ShouldBe(release.HasTcache ? chunks[6] : chunks[9]);
            malloc.Verify();
        }
    }

    [Fact]
    public void FreeOfWhatMallocDidNotGiveIsRefused()
    {
        (GlibcMalloc malloc, _) = Make("2.36");
        long address = malloc.Malloc(0, 10);
        malloc.Free(0, 0);
        malloc.Free(0, address);
        Should.Throw<ArgumentException>(() => malloc.Free(0, address)).Message.ShouldContain("invalid pointer");
        malloc.UsableBytes(address).ShouldBe(0);
    }

    [Fact]
    public void ForkGivesTheChildACopyOfItsOwn()
    {
        (GlibcMalloc parent, RecordingMallocCalls parentCalls) = Make("2.36");
        int thread = parent.BeginThread();
        long shared = parent.Malloc(0, 2000);
        long mapped = parent.Malloc(0, MiB);
        parent.Malloc(thread, 5000);
        MallInfo before = parent.Info();
        GlibcMalloc child = parent.Fork(parentCalls.Fork(), 0);
        child.Info().ShouldBe(before);
        child.Free(0, shared);
        child.Malloc(0, 3_000).ShouldBeGreaterThan(0);
        child.Verify();
        parent.Info().ShouldBe(before);
        parent.UsableBytes(shared).ShouldBe(2008);
        parent.Free(0, mapped);
        child.UsableBytes(mapped).ShouldBeGreaterThan(MiB);
        parent.Verify();
        child.ArenaNumber(child.Malloc(child.BeginThread(), 10)).ShouldBe(1, "the arena of a thread that is not there");
    }
}
