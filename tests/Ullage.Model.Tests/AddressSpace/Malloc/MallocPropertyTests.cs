using FsCheck;
using FsCheck.Fluent;
using Ullage.Model.AddressSpace.Malloc;

namespace Ullage.Model.Tests.AddressSpace.Malloc;

/// <summary>Whatever is allocated and freed, in whatever order, by however many threads.</summary>
public sealed class MallocPropertyTests
{
    private static readonly long[] Sizes = [1, 24, 100, 120, 121, 600, 1032, 1033, 5000, 20_000, 70_000, 131_056, 300_000, 3_000_000, 40_000_000];

    [Fact]
    public void AnySequenceKeepsChunksApartAndBytesAccounted()
    {
        int heaps = 0;
        int refused = 0;
        Gen<int[]> numbers = Gen.ArrayOf(Gen.Choose(0, int.MaxValue - 1), 200);
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(400), Prop.ForAll(numbers.ToArbitrary(), sequence =>
        {
            Player player = new(sequence[0]);
            for (int i = 1; i < sequence.Length; i++)
            {
                player.Play(sequence[i]);
                if (i % 8 == 0)
                {
                    player.Malloc.Verify();
                }
            }
            player.FreeAll();
            player.Malloc.Verify();
            heaps += player.Malloc.Arenas - 1;
            refused += player.Refused;
            return player.Malloc.Info().Hblks <= player.Threads; // a cache may have found no other place
        }));
        heaps.ShouldBeGreaterThan(100, "the sequences must reach other arenas");
        refused.ShouldBeGreaterThan(100, "the sequences must reach the limits");
    }

    [Fact]
    public void EverythingFreedLeavesAtMostTheTrimThreshold()
    {
        int[] trims = new int[GlibcReleases.All.Count];
        Gen<(int Release, int[] Numbers)> cases =
            from release in Gen.Choose(0, GlibcReleases.All.Count - 1)
            from numbers in Gen.ArrayOf(Gen.Choose(0, int.MaxValue - 1), 100)
            select (release, numbers);
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(500), Prop.ForAll(cases.ToArbitrary(), c =>
        {
            RecordingMallocCalls calls = new();
            GlibcMalloc malloc = new(calls, new MallocOptions { Release = GlibcReleases.All[c.Release] });
            List<long> held = [];
            foreach (int number in c.Numbers)
            {
                if (number % 3 > 0 || held.Count == 0)
                {
                    held.Add(malloc.Malloc(0, 1041 + (number / 3 % 400_000))); // larger than caches and fastbins keep
                }
                else
                {
                    Free(malloc, held, number);
                }
            }
            while (held.Count > 0)
            {
                Free(malloc, held, c.Numbers[held.Count % c.Numbers.Length]);
            }
            malloc.Verify();
            trims[c.Release] += calls.Calls.Count(call => call is { Kind: MallocCallKind.Brk, Bytes: < 0 });
            long left = calls.Break - calls.StartBreak;
            return calls.MappedBytes == 0 && left == malloc.Info().Arena && malloc.Info().Keepcost < Math.Max(malloc.TrimThreshold, 131_072 + 33 + 4096)
                && malloc.Info().Ordblks == 1;
        }));
        trims.ShouldAllBe(count => count > 50);
    }

    private static void Free(GlibcMalloc malloc, List<long> held, int number)
    {
        int at = number / 7 % held.Count;
        malloc.Free(0, held[at]);
        held.RemoveAt(at);
    }

    /// <summary>Turns numbers into calls, and holds what it was given against everything else that it has.</summary>
    private sealed class Player
    {
        private readonly SortedList<long, long> _held = [];
        private readonly List<int> _threads = [0];

        public Player(int options)
        {
            bool isLimited = options % 3 == 0;
            RecordingMallocCalls calls = new()
            {
                LimitData = isLimited ? 8 << 20 : long.MaxValue, LimitAs = options % 7 == 0 ? 400L << 20 : long.MaxValue,
                Blocker = options % 5 == 0 ? 0x5555_5555_9000 + 0x3_0000 : long.MaxValue, OvercommitsNever = options % 2 == 0,
            };
            Malloc = new GlibcMalloc(calls, new MallocOptions { Release = GlibcReleases.All[options / 11 % GlibcReleases.All.Count], Cpus = 1 + (options / 13 % 3) });
        }

        public GlibcMalloc Malloc { get; }

        public int Refused { get; private set; }

        public int Threads => _threads.Count;

        public void Play(int number)
        {
            int thread = _threads[number / 3 % _threads.Count];
            switch (number % 10)
            {
                case 0 when _threads.Count < 12:
                    _threads.Add(Malloc.BeginThread());
                    break;
                case 1 when thread != 0 && number % 4 == 1:
                    Malloc.EndThread(thread);
                    _threads.Remove(thread);
                    break;
                case < 4:
                    Hold(Malloc.Malloc(thread, SizeOf(number)), SizeOf(number));
                    break;
                case 4:
                    Hold(Malloc.Calloc(thread, 1 + (number / 1000 % 3), SizeOf(number)), SizeOf(number) * (1 + (number / 1000 % 3)));
                    break;
                case 5:
                    Hold(Malloc.Memalign(thread, 1L << (number / 1000 % 23), SizeOf(number)), SizeOf(number), 1L << (number / 1000 % 23));
                    break;
                case 6 when _held.Count > 0:
                    Resize(thread, number / 1000, SizeOf(number));
                    break;
                case 7 when number % 5 == 0:
                    Malloc.Trim(number / 10 % 300_000);
                    break;
                default:
                    FreeOne(thread, number / 10);
                    break;
            }
        }

        private static long SizeOf(int number) => Sizes[number / 10 % Sizes.Length];

        private void Resize(int thread, int number, long bytes)
        {
            long address = _held.Keys[number % _held.Count];
            long resized = Malloc.Realloc(thread, address, bytes);
            if (resized == 0)
            {
                Refused++;
                return; // the old one is still there
            }
            _held.Remove(address);
            Hold(resized, bytes);
        }

        private void Hold(long address, long bytes, long alignment = 16)
        {
            if (address == 0)
            {
                Refused++;
                return;
            }
            (address % Math.Max(alignment, 16)).ShouldBe(0);
            Malloc.UsableBytes(address).ShouldBeGreaterThanOrEqualTo(bytes);
            _held.Add(address, address + bytes);
            int at = _held.IndexOfKey(address);
            (at == 0 || _held.Values[at - 1] <= address).ShouldBeTrue("chunks overlap");
            (at == _held.Count - 1 || _held.Keys[at + 1] >= address + bytes).ShouldBeTrue("chunks overlap");
        }

        private void FreeOne(int thread, int number)
        {
            if (_held.Count > 0)
            {
                long address = _held.Keys[number % _held.Count];
                _held.Remove(address);
                Malloc.Free(thread, address);
            }
        }

        public void FreeAll()
        {
            while (_held.Count > 0)
            {
                FreeOne(_threads[_held.Count % _threads.Count], _held.Count / 2);
            }
        }
    }
}
