using FsCheck;
using FsCheck.Fluent;
using Ullage.Abi.Files;
using Ullage.Abi.Text;

namespace Ullage.Abi.Tests.Files;

/// <summary>The other direction: what the model makes and prints is read back as the same value.</summary>
public sealed class MadeValueTests
{
    private static readonly Arbitrary<ulong[]> Numbers = ArbMap.Default.ArbFor<ulong[]>();

    [Fact]
    public void ParseAfterFormatGivesTheValueBack() => Prop.ForAll(Numbers, numbers =>
    {
        Same(new FlatKeyed(Each(numbers, (i, n) => new FlatKeyedEntry($"name{i % 7}", n))));
        Same(new MemInfo(Each(numbers, (i, n) => i % 2 == 0 ? MemInfoEntry.Kb(new string('A', i + 1), n) : MemInfoEntry.Count("HugePages_Total", n))));
        Same(new ProcCgroups(Each(numbers, (i, n) => new ProcCgroupsRow($"c{i}", Small(n), Long(n), n % 2 == 1))));
        Same(new TaskCgroups(Each(numbers, (i, n) => new TaskCgroup(Small(n), i == 0 ? "" : $"c{i},name=x", $"/a:{n} b"))));
        Same(new NumaStat(Each(numbers, (i, n) => new NumaStatRow($"r{i}", i % 2 == 0 ? n : null, Each(numbers, (j, m) => new NumaValue(j, m))))));
        Same(new PidList(Each(numbers, (_, n) => Small(n))));
        Same(new ProcStatus(Each(numbers, (i, n) => i % 2 == 0 ? ProcStatusLine.Kb($"Vm{i}", Long(n)) : ProcStatusLine.Number($"N{i}", Long(n)))));
        Same(new SwapsFile(Each(numbers, (i, n) => new SwapArea($"/dev/é{n}", i % 2 == 0, n, n / 2, i - 2)), numbers.Length % 2 == 0));
        Same(new SlabInfo(Each(numbers, (i, n) => Slab($"cache-{i}", Long(n)))));
        Same(new MountInfo(Each(numbers, (i, n) => new MountInfoEntry(i, Small(n), $"0:{i}", "/", $"/m{n}", "rw", [.. Enumerable.Repeat("shared:1", i % 3)], "cgroup", "", "rw,memory"))));
    }).Hold();

    [Fact]
    public void SingleLinesAreReadBack() => Prop.ForAll(ArbMap.Default.ArbFor<ulong>(), ArbMap.Default.ArbFor<long>(), (big, signed) =>
    {
        Same(SingleValue.OfUnsigned(big));
        Same(SingleValue.Of(signed));
        Same(new Statm(Long(big), 1, 2, 3, 0, Long(big) / 2, 0));
        PressureLine line = new(Small(big) % 10001, 5, 99, big);
        Same(new PressureFile(line, line with { Avg10 = 10000 }));
        Same(new PressureFile(null, line));
    }).Hold();

    [Fact]
    public void KernelLogIsReadBackWhateverItSays() => Prop.ForAll(ArbMap.Default.ArbFor<NonNull<string>>(), ArbMap.Default.ArbFor<ulong>(), (text, number) =>
    {
        string message = text.Get + "\n\\x é \u0001 \U0001F600 \uDCFF";
        Same(KmsgRecord.Kernel(4, number, number / 3, message) with { Properties = [new("KEY", message)] });
        Same(new DmesgText([new(number / 4, null, "plain " + number), new(7, "T" + Small(number), "[x] y")]));
    }).Hold();

    [Fact]
    public void NamesAreSharedBetweenReadings()
    {
        string text = TestData.Fixture("5.4-v1/idle/sys/fs/cgroup/memory/gt/work/web/memory.stat");
        FlatKeyed first = RoundTrip.Parse<FlatKeyed>(text);
        bool shared = false; // other tests may make the pool begin anew between two readings, but not every time
        for (int attempt = 0; attempt < 10 && !shared; attempt++)
        {
            FlatKeyed second = RoundTrip.Parse<FlatKeyed>(text);
            shared = first.Entries.Zip(second.Entries).All(pair => ReferenceEquals(pair.First.Key, pair.Second.Key));
            first = second;
        }
        shared.ShouldBeTrue();
        long bytes = long.MaxValue;
        long bound = (first.Entries.Count * 48) + 512;
        // The least of many: other tests make the pool begin anew between two readings, and the compiler may allocate while it improves the code.
        for (int round = 0; round < 2000 && bytes >= bound; round++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            FlatKeyed.TryParse(text, out _, out _);
            bytes = Math.Min(bytes, GC.GetAllocatedBytesForCurrentThread() - before);
        }
        bytes.ShouldBeLessThan(bound, "a reading must cost little more than its entries");
    }

    private static void Same<T>(T made)
        where T : class, IKernelText<T>
    {
        string printed = made.Format();
        T read = RoundTrip.Parse<T>(printed);
        if (!made.Equals(read) || read.Format() != printed)
            throw new ShouldAssertException($"{typeof(T).Name} changed on the way: <{printed}>");
    }

    private static ValueList<T> Each<T>(ulong[] numbers, Func<int, ulong, T> make) => ValueList.From(numbers.Select((number, index) => make(index, number)));

    private static int Small(ulong number) => (int)(number & int.MaxValue);

    private static long Long(ulong number) => (long)(number & long.MaxValue);

    private static SlabInfoRow Slab(string name, long n) => new(name, n, n / 2, n % 5000, 21, 1, 0, 0, 0, n / 21, n / 20, 0);
}
