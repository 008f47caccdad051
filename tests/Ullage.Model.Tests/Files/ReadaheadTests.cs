using Ullage.Model.Files;

namespace Ullage.Model.Tests.Files;

public sealed class ReadaheadTests
{
    public static IEnumerable<object[]> Eras => Workloads.Eras;

    [Theory]
    [MemberData(nameof(Eras))]
    public void ReadSequentialGrowsWindowsTo128KiB(string era)
    {
        FileRig rig = new(era, 1000);
        List<long> ends = [];
        for (long page = 0; page < 200; page++)
        {
            rig.Read(page);
            long end = rig.Cached(299).Count;
            if (ends.Count == 0 || ends[^1] != end)
            {
                ends.Add(end);
            }
        }
        // 4 pages, the next window when page 1 is read, 16, then 32 each: a marked page in each window asks for the next one
        ends.ShouldBe([4, 12, 28, 60, 92, 124, 156, 188, 220, 252]);
        rig.Task.ReadBytes.ShouldBe(252 * 4096);
        rig.Machine.Verify();
    }

    [Theory]
    [MemberData(nameof(Eras))]
    public void ReadRandomlyReadsOnlyWhatIsAskedFor(string era)
    {
        FileRig rig = new(era, 1000);
        foreach (long page in new long[] { 700, 20, 333, 950 })
        {
            rig.Read(page);
        }
        rig.Cached(999).ShouldBe([20, 333, 700, 950]);
    }

    [Theory]
    [MemberData(nameof(Eras))]
    public void AdviseRandomReadsNothingAhead(string era)
    {
        FileRig rig = new(era, 1000);
        rig.Machine.AdviseData(rig.File, FileAdvice.Random);
        for (long page = 0; page < 10; page++)
        {
            rig.Read(page);
        }
        rig.Cached(999).Count.ShouldBe(10);
    }

    [Fact]
    public void AdviseSequentialDoublesTheWindow()
    {
        FileRig rig = new("5.10", 1000);
        rig.Machine.AdviseData(rig.File, FileAdvice.Sequential);
        for (long page = 0; page < 200; page++)
        {
            rig.Read(page);
        }
        rig.Cached(999).Count.ShouldBe(4 + 8 + 16 + 32 + 64 + 64 + 64 + 64); // 64 pages each in the end
    }

    [Theory]
    [MemberData(nameof(Eras))]
    public void ReadBehindCachedPagesFindsTheStream(string era)
    {
        FileRig rig = new(era, 1000);
        rig.Machine.AdviseData(rig.File, FileAdvice.Random);
        for (long page = 500; page < 510; page++)
        {
            rig.Read(page);
        }
        FileHandle another = rig.Open();
        rig.Read(510, another);
        rig.Cached(999).Count.ShouldBe(10 + 11); // ten pages of history and the one wanted
    }

    [Theory]
    [MemberData(nameof(Eras))]
    public void ReadAtTheFilesEndReadsNoFurther(string era)
    {
        FileRig rig = new(era, 5);
        rig.Read(0);
        rig.Read(1);
        rig.Cached(9).ShouldBe([0, 1, 2, 3, 4]);
        rig.Machine.ReadData(rig.Task, rig.File, 4 * 4096, 8192).Bytes.ShouldBe(4096);
        rig.Machine.ReadData(rig.Task, rig.File, 5 * 4096, 4096).Bytes.ShouldBe(0);
    }

    [Fact]
    public void ReadOfAMissingPageWaitsForTheDiskAndAWindowAheadDoesNot()
    {
        FileRig rig = new("6.1", 1000, latencyNs: 1_000_000);
        long began = rig.Machine.TimeNs;
        rig.Read(0);
        (rig.Machine.TimeNs - began).ShouldBeInRange(1_000_000, 1_100_000);
        began = rig.Machine.TimeNs;
        rig.Read(1); // asks for the next window and does not wait for it
        (rig.Machine.TimeNs - began).ShouldBeLessThan(100_000);
        rig.Machine.IsCached(rig.File, 4).ShouldBeFalse();
        rig.Read(4);
        (rig.Machine.TimeNs - began).ShouldBeGreaterThan(900_000);
        rig.Machine.IsCached(rig.File, 11).ShouldBeTrue();
        rig.Machine.Verify();
    }
}
