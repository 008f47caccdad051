using System.Diagnostics;
using System.Globalization;
using Ullage.Abi;
using Ullage.Observe.Host;
using Ullage.Recording.Reading;
using Ullage.Recording.Writing;
using Xunit.Abstractions;

namespace Ullage.Recording.Tests;

/// <summary>Recording while cgroups of the running kernel come and go; each test removes what it made. A minute long with <c>ULLAGE_CHURN_SECONDS=60</c> in the environment.</summary>
public sealed class ChurnTests : IDisposable
{
    private const int Alive = 50;
    private const int EachSecond = 1000;
    private readonly ITestOutputHelper _output;
    private readonly HostFiles _host = new();
    private readonly CgroupMounts _mounts;
    private readonly string _directory;
    private readonly bool _usable;

    public ChurnTests(ITestOutputHelper output)
    {
        _output = output;
        _mounts = CgroupMounts.Find(_host);
        _directory = string.Create(CultureInfo.InvariantCulture, $"{_mounts.Memory?.MountPoint.TrimEnd('/')}/ullage-test-{Environment.ProcessId}-{Random.Shared.Next():x8}");
        Errno made = _mounts.Memory is null ? Errno.ENOENT : _host.MakeDirectory(_directory);
        _usable = made == Errno.None;
        if (!_usable)
        {
            output.WriteLine($"skipped: mkdir {_directory}: {made}");
        }
    }

    private string UsageFile => _mounts.Memory!.Version == 1 ? "memory.usage_in_bytes" : "memory.stat";

    public void Dispose()
    {
        RemoveChildren();
        _host.RemoveDirectory(_directory);
    }

    [Fact]
    public async Task CgroupsThatComeAndGoLoseNoSampleAndNoDescriptor()
    {
        if (!_usable)
        {
            return;
        }
        using TempFile file = new();
        _host.MakeDirectory(_directory + "/stays").ShouldBe(Errno.None);
        double seconds = double.TryParse(Environment.GetEnvironmentVariable("ULLAGE_CHURN_SECONDS"), CultureInfo.InvariantCulture, out double longer) ? longer : 3;
        int samples = 0;
        int made;
        int before, after;
        long grown;
        using (RecordingWriter writer = RecordingWriter.Create(file.Path, RoundTripTests.Meta))
        using (Recorder recorder = new(_host, writer, _mounts))
        {
            recorder.Sample(++samples);
            before = Descriptors();
            grown = GC.GetTotalMemory(forceFullCollection: true);
            using CancellationTokenSource stop = new();
            Task<int> churn = Task.Run(() => Churn(stop.Token));
            Stopwatch time = Stopwatch.StartNew();
            while (time.Elapsed < TimeSpan.FromSeconds(seconds))
            {
                recorder.Sample(++samples);
            }
            await stop.CancelAsync();
            made = await churn;
            RemoveAllBut("stays/");
            recorder.Sample(++samples);
            after = Descriptors();
            grown = GC.GetTotalMemory(forceFullCollection: true) - grown;
        }
        int read = Check(file.Path);
        _output.WriteLine($"{made} cgroups made and removed, {samples} samples written, {read} read; descriptors {before} before, {after} after; {grown} bytes more in memory");
        read.ShouldBe(samples);
        made.ShouldBeGreaterThan(300);
        grown.ShouldBeLessThan(30_000_000);
        after.ShouldBeLessThan(before + 40); // other tests of this process open files, too; a leak would be thousands
    }

    [Fact]
    public void CgroupMadeAgainBetweenTwoSamplesIsInTheNextOneWithItsOwnNumber()
    {
        if (!_usable)
        {
            return;
        }
        using TempFile file = new();
        _host.MakeDirectory(_directory + "/again").ShouldBe(Errno.None);
        using (RecordingWriter writer = RecordingWriter.Create(file.Path, RoundTripTests.Meta))
        using (Recorder recorder = new(_host, writer, _mounts))
        {
            recorder.Sample(1);
            _host.RemoveDirectory(_directory + "/again").ShouldBe(Errno.None);
            _host.MakeDirectory(_directory + "/again").ShouldBe(Errno.None);
            recorder.Sample(2);
        }
        using RecordingReader reader = RecordingReader.Open(file.Path);
        reader.MoveNext().ShouldBeTrue();
        ulong? first = reader.Files.CgroupId(_directory + "/again");
        reader.MoveNext().ShouldBeTrue();
        reader.Files.Read($"{_directory}/again/{UsageFile}").Ok.ShouldBeTrue();
        ulong? second = reader.Files.CgroupId(_directory + "/again");
        second.ShouldNotBeNull();
        second.ShouldNotBe(first);
        second.ShouldBe(_host.CgroupId(_directory + "/again"));
    }

    private int Check(string path)
    {
        using RecordingReader reader = RecordingReader.Open(path);
        reader.LostBytes.ShouldBe(0);
        int read = 0;
        while (reader.MoveNext())
        {
            read++;
            reader.TimeNs.ShouldBe(read);
            reader.Files.Read($"{_directory}/stays/{UsageFile}").Ok.ShouldBeTrue();
            reader.Files.Read("/proc/meminfo").Text.ShouldStartWith("MemTotal:");
        }
        return read;
    }

    private int Churn(CancellationToken stop)
    {
        int made = 0;
        Stopwatch time = Stopwatch.StartNew();
        while (!stop.IsCancellationRequested)
        {
            made += _host.MakeDirectory($"{_directory}/c{made % Alive}") == Errno.None ? 1 : 0;
            _host.RemoveDirectory($"{_directory}/c{(made + 1) % Alive}");
            if (made > time.Elapsed.TotalSeconds * EachSecond)
            {
                Thread.Sleep(2);
            }
        }
        return made;
    }

    private void RemoveChildren() => RemoveAllBut("");

    private void RemoveAllBut(string kept)
    {
        foreach (string child in _host.List(_directory) is { Ok: true } list ? list.Names.Where(name => name.EndsWith('/') && name != kept) : [])
        {
            _host.RemoveDirectory(_directory + "/" + child.TrimEnd('/'));
        }
    }

    private static int Descriptors() => Directory.GetFileSystemEntries("/proc/self/fd").Length;
}
