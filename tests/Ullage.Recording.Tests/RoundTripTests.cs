using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Ullage.Abi;
using Ullage.Recording.Format;
using Ullage.Recording.Reading;
using Ullage.Recording.Writing;

namespace Ullage.Recording.Tests;

public sealed class RoundTripTests
{
    private const long Second = 1_000_000_000;
    private const string Pressure = "/proc/pressure/memory";

    internal static RecordingMeta Meta => new() { Target = "model", Name = "test", Kernel = "6.18" };

    [Fact]
    public void SkeletonOfAnyTextGivesItBack() => Prop.ForAll(
        ArbMap.Default.ArbFor<NonNull<string>>(), text => Rejoined(Encoding.UTF8.GetBytes(text.Get)).AsSpan().SequenceEqual(Encoding.UTF8.GetBytes(text.Get))).QuickCheckThrowOnFailure();

    [Theory]
    [InlineData("kmalloc-96            42     42     96   42    1 : tunables    0    0    0\n")]
    [InlineData("some avg10=0.05 avg60=1.00 avg300=12.34 total=00\n")]
    [InlineData("007 0 00 -5 x-5 9223372036854771712 99999999999999999999 1.\n")]
    [InlineData("a\u0001b\u0002c\u0003d\u0004  5")]
    [InlineData("Node 0, zone      DMA      1      0\n")]
    [InlineData("")]
    public void SkeletonOfKernelTextGivesItBack(string text) => Encoding.UTF8.GetString(Rejoined(Encoding.UTF8.GetBytes(text))).ShouldBe(text);

    [Fact]
    public void SkeletonsOfFilesOfOneKindAreOne()
    {
        string[] texts = ["anon 5\nfile 0\n", "anon 123456\nfile 77\n"];
        texts.Select(text => Convert.ToHexString(Split(Encoding.UTF8.GetBytes(text)).Skeleton)).Distinct().Count().ShouldBe(1);
    }

    [Fact]
    public void EverySampleOfARecordingIsWhatTheKernelShowed()
    {
        using TempFile file = new();
        List<Dictionary<string, string>> shown = [];
        FakeKernel kernel = new();
        Change(kernel, 0);
        using (RecordingWriter writer = RecordingWriter.Create(file.Path, Meta))
        using (Recorder recorder = new(kernel, writer))
        {
            for (int i = 0; i < 200; i++)
            {
                Change(kernel, i);
                recorder.Sample(i * Second);
                shown.Add(new Dictionary<string, string>(kernel.Texts));
            }
        }
        using RecordingReader reader = RecordingReader.Open(file.Path);
        reader.LostBytes.ShouldBe(0);
        for (int i = 0; i < shown.Count; i++)
        {
            reader.MoveNext().ShouldBeTrue();
            reader.TimeNs.ShouldBe(i * Second);
            Same(reader.Files, shown[i], slowToo: i % 12 == 0);
        }
        reader.MoveNext().ShouldBeFalse();
        foreach (int at in new[] { 0, 199, 59, 60, 61, 150, 3 })
        {
            reader.MoveTo((at * Second) + 500);
            reader.TimeNs.ShouldBe(at * Second);
            Same(reader.Files, shown[at], slowToo: at % 12 == 0);
        }
    }

    [Fact]
    public void SamplesOfManyCgroupsComeBack()
    {
        using TempFile file = new();
        FakeKernel kernel = new();
        List<Dictionary<string, string>> shown = [];
        kernel.Machine(0);
        using (RecordingWriter writer = RecordingWriter.Create(file.Path, Meta))
        using (Recorder recorder = new(kernel, writer))
        {
            for (int i = 0; i < 5; i++)
            {
                for (int group = 0; group < 1500; group++)
                {
                    kernel.Cgroup($"/s{group / 50}/g{group}", (i * group * 7919) + i);
                }
                recorder.Sample(i * Second);
                shown.Add(new Dictionary<string, string>(kernel.Texts));
            }
        }
        using RecordingReader reader = RecordingReader.Open(file.Path);
        for (int i = 0; i < shown.Count; i++)
        {
            reader.MoveNext().ShouldBeTrue();
            Same(reader.Files, shown[i], slowToo: false);
        }
    }

    [Fact]
    public void PressureIsAskedForEvery100MsAtMost()
    {
        using TempFile file = new();
        FakeKernel kernel = new();
        using (RecordingWriter writer = RecordingWriter.Create(file.Path, Meta))
        using (Recorder recorder = new(kernel, writer))
        {
            for (int i = 0; i < 3; i++)
            {
                Change(kernel, i);
                kernel.Texts[Pressure] = $"some avg10=0.00 avg60=0.00 avg300=0.00 total={i}\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n";
                recorder.Sample(i * Second / 20);
            }
        }
        using RecordingReader reader = RecordingReader.Open(file.Path);
        List<string> totals = [];
        while (reader.MoveNext())
        {
            totals.Add(reader.Files.Read(Pressure).Text.ShouldNotBeNull().Split("total=")[1].Split('\n')[0]);
        }
        totals.ShouldBe(["0", "0", "2"]);
    }

    [Fact]
    public void FileThatDidNotChangeGivesTheSameMemoryAlsoInTheNextBlock()
    {
        using TempFile file = new();
        FakeKernel kernel = new();
        kernel.Machine(1);
        kernel.Cgroup("/a", 5);
        using (RecordingWriter writer = RecordingWriter.Create(file.Path, Meta))
        using (Recorder recorder = new(kernel, writer))
        {
            for (int i = 0; i < 130; i++)
            {
                kernel.Texts["/proc/vmstat"] = $"nr_free_pages {i}\n";
                recorder.Sample(i);
            }
        }
        using RecordingReader reader = RecordingReader.Open(file.Path);
        reader.MoveNext();
        ReadOnlyMemory<byte> first = reader.Files.Read("/sys/fs/cgroup/a/memory.stat").Bytes;
        int generation = reader.Files.Generation;
        while (reader.MoveNext())
        {
        }
        reader.Files.Read("/sys/fs/cgroup/a/memory.stat").Bytes.Equals(first).ShouldBeTrue();
        reader.Files.Generation.ShouldBe(generation);
        reader.Files.Read("/proc/vmstat").Text.ShouldBe("nr_free_pages 129\n");
    }

    [Fact]
    public void DirectoryVersionIsAnotherOneExactlyWhenAFileInItChanged()
    {
        using TempFile file = new();
        FakeKernel kernel = new();
        kernel.Machine(1);
        using (RecordingWriter writer = RecordingWriter.Create(file.Path, Meta))
        using (Recorder recorder = new(kernel, writer))
        {
            for (int i = 0; i < 70; i++)
            {
                kernel.Cgroup("/a", i / 2);
                kernel.Cgroup("/a/b", 5);
                recorder.Sample(i * Second);
            }
        }
        using RecordingReader reader = RecordingReader.Open(file.Path);
        HashSet<long?> ofA = [], ofB = [];
        while (reader.MoveNext())
        {
            ofA.Add(reader.Files.DirectoryVersion("/sys/fs/cgroup/a"));
            ofB.Add(reader.Files.DirectoryVersion("/sys/fs/cgroup/a/b"));
        }
        ofA.Count.ShouldBe(35);
        ofB.Count.ShouldBe(1, "also in the second block, which holds every file again");
        reader.Files.DirectoryVersion("/sys/fs/cgroup/c").ShouldBeNull();
    }

    [Fact]
    public void EventsAndResultComeBack()
    {
        using TempFile file = new();
        FakeKernel kernel = new();
        kernel.Machine(1);
        using (RecordingWriter writer = RecordingWriter.Create(file.Path, Meta))
        using (Recorder recorder = new(kernel, writer))
        {
            recorder.Sample(1);
            writer.Event(2, 4, "Memory cgroup out of memory: Killed process 7 (a;b)");
            recorder.Sample(3);
            writer.Result(4, "{\"schema\":1}"u8);
        }
        using RecordingReader reader = RecordingReader.Open(file.Path);
        reader.Events().ShouldBe([new RecordedEvent(2, 4, "Memory cgroup out of memory: Killed process 7 (a;b)")]);
        Encoding.UTF8.GetString(reader.Result()!).ShouldBe("{\"schema\":1}");
        reader.FirstNs.ShouldBe(1);
        reader.LastNs.ShouldBe(3);
    }

    // Cgroups come, go and come back; figures change at their own pace; the skeleton of one changes.
    private static void Change(FakeKernel kernel, int i)
    {
        kernel.Machine(i * 1000);
        for (int group = 0; group < 20; group++)
        {
            string path = $"/s{group % 3}/g{group}";
            bool there = group != 7 || i % 10 < 5;
            if (there)
            {
                kernel.Cgroup(path, i / (group + 1) * 31);
            }
            else
            {
                foreach (string file in kernel.Texts.Keys.Where(each => each.StartsWith("/sys/fs/cgroup" + path + "/", StringComparison.Ordinal)).ToArray())
                {
                    kernel.Texts.Remove(file);
                }
            }
        }
        kernel.Texts["/sys/fs/cgroup/s1/g4/memory.events"] = i % 3 == 0 ? "max 1\n" : $"low 1\nmax {i}\nfresh_{i} 2\n";
    }

    private static void Same(RecordedFiles files, Dictionary<string, string> shown, bool slowToo)
    {
        string[] expected = [.. shown.Keys.Where(path => slowToo || path != "/proc/slabinfo").Order(StringComparer.Ordinal)];
        string[] found = [.. files.Paths.Where(path => slowToo || path != "/proc/slabinfo")];
        found.Except(expected).ShouldBeEmpty();
        expected.Except(found).ShouldBeEmpty();
        foreach (string path in expected)
        {
            files.Read(path).Text.ShouldBe(shown[path], path);
        }
        files.List("/sys/fs/cgroup/s0").Names.ShouldContain("g3/");
        files.Read("/sys/fs/cgroup/s1").Errno.ShouldBe(Errno.EISDIR);
        files.Read("/nowhere").Errno.ShouldBe(Errno.ENOENT);
    }

    private static (byte[] Skeleton, long[] Numbers) Split(byte[] text)
    {
        ByteBuffer skeleton = new();
        List<long> numbers = [];
        Skeleton.Split(text, skeleton, numbers);
        return (skeleton.Span.ToArray(), [.. numbers]);
    }

    private static byte[] Rejoined(byte[] text)
    {
        (byte[] skeleton, long[] numbers) = Split(text);
        Skeleton.CountNumbers(skeleton).ShouldBe(numbers.Length);
        ByteBuffer joined = new();
        Skeleton.Join(skeleton, numbers, joined);
        return joined.Span.ToArray();
    }
}
