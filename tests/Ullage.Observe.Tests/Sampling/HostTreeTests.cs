using System.Diagnostics;
using System.Globalization;
using Ullage.Abi;
using Ullage.Observe.Fields;
using Ullage.Observe.Host;
using Ullage.Observe.Readings;
using Ullage.Observe.Sampling;
using Xunit.Abstractions;

namespace Ullage.Observe.Tests.Sampling;

/// <summary>The sampler on the running kernel; each test removes what it made.</summary>
public sealed class HostTreeTests : IDisposable
{
    private readonly ITestOutputHelper _output;
    private readonly HostFiles _host = new();
    private readonly CgroupMounts _mounts;
    private readonly string _name = string.Create(CultureInfo.InvariantCulture, $"ullage-test-{Environment.ProcessId}-{Random.Shared.Next():x8}");
    private readonly string _directory;
    private readonly bool _usable;

    public HostTreeTests(ITestOutputHelper output)
    {
        _output = output;
        _mounts = CgroupMounts.Find(_host);
        _directory = _mounts.Memory?.MountPoint.TrimEnd('/') + "/" + _name;
        Errno made = _mounts.Memory is null ? Errno.ENOENT : _host.MakeDirectory(_directory);
        _usable = made == Errno.None;
        if (!_usable)
        {
            output.WriteLine($"skipped: mkdir {_directory}: {made}");
        }
    }

    public void Dispose()
    {
        RemoveChildren();
        _host.RemoveDirectory(_directory);
    }

    private void RemoveChildren()
    {
        foreach (string child in _host.List(_directory) is { Ok: true } list ? list.Names.Where(name => name.EndsWith('/')) : [])
        {
            _host.RemoveDirectory(_directory + "/" + child.TrimEnd('/'));
        }
    }

    [Fact]
    public void AppearingAndVanishingCgroupsAreSeenByTheNextSample()
    {
        if (!_usable)
        {
            return;
        }
        using SamplerSource source = new("this host", _host, _mounts, new SampleSelection { Path = "/" + _name });
        Reading reading = new();
        reading.Advance(source, out _).ShouldBeTrue();
        int parent = reading.Now.RowOf("/" + _name);
        reading.Now.Value(CgroupFields.Usage, parent).ShouldBe(0);
        reading.Now.HostValue(HostFields.MemAvailable)!.Value.ShouldBeGreaterThan(1 << 20);
        _host.MakeDirectory(_directory + "/one").ShouldBe(Errno.None);
        reading.Advance(source, out _);
        ulong id = reading.Now[reading.Now.RowOf($"/{_name}/one")].Id;
        _host.RemoveDirectory(_directory + "/one").ShouldBe(Errno.None);
        _host.MakeDirectory(_directory + "/one").ShouldBe(Errno.None);
        // The one that was removed is found out by its ENODEV, the one that came with the sample after it.
        reading.Advance(source, out _);
        reading.Advance(source, out _);
        int row = reading.Now.RowOf($"/{_name}/one");
        row.ShouldBeGreaterThan(0);
        reading.Now[row].Id.ShouldNotBe(id);
        reading.Change(CgroupFields.Usage, row).ShouldBeNull();
        _host.RemoveDirectory(_directory + "/one").ShouldBe(Errno.None);
        reading.Advance(source, out _);
        reading.Now.RowOf($"/{_name}/one").ShouldBe(-1);
    }

    [Fact]
    public void SamplesOfTheSameCgroupsAllocateNothing()
    {
        if (!_usable)
        {
            return;
        }
        for (int i = 0; i < 20; i++)
        {
            _host.MakeDirectory($"{_directory}/{i}").ShouldBe(Errno.None);
        }
        using SamplerSource source = new("this host", _host, _mounts, new SampleSelection { Path = "/" + _name });
        Reading reading = new();
        long least = long.MaxValue;
        for (int round = 0; round < 10; round++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < 20; i++)
            {
                reading.Advance(source, out _);
            }
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }
        reading.Now.Count.ShouldBe(22);
        least.ShouldBe(0);
    }

    [Fact]
    public async Task CgroupsComingAndGoingUnderLoadLeakNoDescriptor()
    {
        if (!_usable)
        {
            return;
        }
        using SamplerSource source = new("this host", _host, _mounts, new SampleSelection { Path = "/" + _name });
        Reading reading = new();
        reading.Advance(source, out _);
        int before = Descriptors();
        using CancellationTokenSource stop = new();
        Task<int> churn = Task.Run(() => Churn(stop.Token));
        Stopwatch time = Stopwatch.StartNew();
        int samples = 0;
        int most = 0;
        double seconds = double.TryParse(Environment.GetEnvironmentVariable("ULLAGE_CHURN_SECONDS"), CultureInfo.InvariantCulture, out double longer) ? longer : 3;
        while (time.Elapsed < TimeSpan.FromSeconds(seconds))
        {
            reading.Advance(source, out _).ShouldBeTrue();
            reading.Now.RowOf("/" + _name).ShouldBeGreaterThanOrEqualTo(0);
            most = Math.Max(most, reading.Now.Count);
            samples++;
        }
        await stop.CancelAsync();
        int made = await churn;
        RemoveChildren();
        reading.Advance(source, out _);
        reading.Advance(source, out _);
        int after = Descriptors();
        _output.WriteLine($"{made} cgroups made and removed, {samples} samples, at most {most} rows; descriptors {before} before, {after} after");
        made.ShouldBeGreaterThan(300);
        // Other tests of this process open files, too; a leak would be thousands.
        after.ShouldBeLessThan(before + 40);
    }

    /// <summary>Makes a thousand cgroups each second and removes as many, fifty being there at a time.</summary>
    private int Churn(CancellationToken stop)
    {
        const int Alive = 50;
        const int EachSecond = 1000;
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

    private static int Descriptors() => Directory.GetFileSystemEntries("/proc/self/fd").Length;
}
