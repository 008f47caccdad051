using Ullage.Recording.Format;
using Ullage.Recording.Reading;
using Ullage.Recording.Writing;

namespace Ullage.Recording.Tests;

public sealed class DamageTests
{
    private const int Samples = 70; // more than a block

    [Fact]
    public void RecordingCutAnywhereKeepsAllWholeSamples()
    {
        using TempFile file = new();
        long[] ends = Record(file.Path, close: false);
        byte[] whole = File.ReadAllBytes(file.Path);
        Random random = new(5);
        for (int round = 0; round < 150; round++)
        {
            int length = random.Next((int)ends[0], whole.Length + 1);
            File.WriteAllBytes(file.Path, whole[..length]);
            using RecordingReader reader = RecordingReader.Open(file.Path);
            int expected = ends.Count(end => end <= length);
            int read = 0;
            while (reader.MoveNext())
            {
                reader.Files.Read("/proc/vmstat").Text.ShouldBe($"nr_free_pages {read * 1000}\npgscan_direct {read * 2000}\n");
                read++;
            }
            read.ShouldBe(expected);
            reader.LostBytes.ShouldBe(length - ends[expected - 1]);
        }
    }

    [Fact]
    public void RecordingWithABadByteIsRefusedOrReadRightNeverWrong()
    {
        using TempFile file = new();
        _ = Record(file.Path, close: true);
        byte[] whole = File.ReadAllBytes(file.Path);
        Random random = new(6);
        int refused = 0;
        for (int round = 0; round < 300; round++)
        {
            byte[] bad = [.. whole];
            bad[random.Next(bad.Length)] ^= (byte)(1 << random.Next(8));
            File.WriteAllBytes(file.Path, bad);
            try
            {
                using RecordingReader reader = RecordingReader.Open(file.Path);
                for (int read = 0; reader.MoveNext(); read++)
                {
                    reader.Files.Read("/proc/vmstat").Text.ShouldBe($"nr_free_pages {reader.TimeNs * 1000}\npgscan_direct {reader.TimeNs * 2000}\n");
                }
            }
            catch (RecordingException)
            {
                refused++;
            }
        }
        refused.ShouldBeGreaterThan(0);
    }

    [Fact]
    public void WhatIsNoRecordingIsToldApart()
    {
        using TempFile file = new();
        File.WriteAllText(file.Path, "{}");
        Should.Throw<RecordingException>(() => RecordingReader.Open(file.Path)).Message.ShouldContain("is not a recording");
        RecordingReader.IsRecording(file.Path).ShouldBeFalse();
        File.WriteAllText(file.Path, "ullage recording 7\n and more");
        Should.Throw<RecordingException>(() => RecordingReader.Open(file.Path)).Message.ShouldContain("later version");
        File.WriteAllBytes(file.Path, RecordingFormat.Magic.ToArray());
        Should.Throw<RecordingException>(() => RecordingReader.Open(file.Path)).Message.ShouldContain("cut off");
    }

    [Fact]
    public void DiskThatFillsUpLosesOnlyTheSampleThatDidNotFit()
    {
        if (!File.Exists("/dev/full"))
        {
            return;
        }
        Should.Throw<IOException>(() => RecordingWriter.Create("/dev/full", RoundTripTests.Meta)).HResult.ShouldBe(28); // ENOSPC
    }

    // The lengths that the file had after each sample.
    private static long[] Record(string path, bool close)
    {
        FakeKernel kernel = new();
        kernel.Machine(0);
        List<long> ends = [];
        RecordingWriter writer = RecordingWriter.Create(path, RoundTripTests.Meta);
        using (Recorder recorder = new(kernel, writer))
        {
            for (int i = 0; i < Samples; i++)
            {
                kernel.Machine(i * 1000);
                kernel.Texts["/proc/vmstat"] = $"nr_free_pages {i * 1000}\npgscan_direct {i * 2000}\n";
                kernel.Cgroup("/a", i);
                recorder.Sample(i);
                ends.Add(writer.Length);
            }
        }
        byte[] before = File.ReadAllBytes(path);
        writer.Dispose();
        if (!close)
        {
            File.WriteAllBytes(path, before); // as a killed recorder leaves it: without an index
        }
        return [.. ends];
    }
}
