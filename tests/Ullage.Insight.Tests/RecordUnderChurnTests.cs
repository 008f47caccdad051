using System.Diagnostics;
using System.Globalization;
using Ullage.Abi;
using Ullage.Observe.Host;
using Ullage.Recording.Reading;
using Xunit.Abstractions;

namespace Ullage.Insight.Tests;

/// <summary>
/// <c>ullage record</c> while a thousand cgroups a second come and go; then it is killed. A minute long with <c>ULLAGE_CHURN_SECONDS=60</c> in the environment. The test
/// removes what it made.
/// </summary>
public sealed class RecordUnderChurnTests(ITestOutputHelper output)
{
    private const int Alive = 50;
    private const int EachSecond = 1000;
    private readonly HostFiles _host = new();

    [Fact]
    public async Task RecordLosesNothingAndLeaksNothingAndSurvivesItsKill()
    {
        string program = Path.Combine(AppContext.BaseDirectory, "ullage.dll");
        CgroupMounts mounts = CgroupMounts.Find(_host);
        string parent = string.Create(CultureInfo.InvariantCulture, $"{mounts.Memory?.MountPoint.TrimEnd('/')}/ullage-test-{Environment.ProcessId}-{Random.Shared.Next():x8}");
        Errno made = mounts.Memory is null ? Errno.ENOENT : _host.MakeDirectory(parent);
        if (made != Errno.None || !File.Exists(program))
        {
            output.WriteLine($"skipped: mkdir {parent}: {made}, or {program} is not there");
            return;
        }
        using TempDirectory directory = new();
        try
        {
            await RunAsync(program, directory.File("host.ullage"), parent);
        }
        finally
        {
            RemoveAll(parent);
            _host.RemoveDirectory(parent);
        }
    }

    private async Task RunAsync(string program, string recording, string parent)
    {
        double seconds = double.TryParse(Environment.GetEnvironmentVariable("ULLAGE_CHURN_SECONDS"), CultureInfo.InvariantCulture, out double longer) ? longer : 4;
        using Process process = Process.Start(new ProcessStartInfo("dotnet", [program, "record", "-o", recording, "-i", "100ms"]) { RedirectStandardError = true })!;
        await UntilAsync(() => File.Exists(recording) && new FileInfo(recording).Length > 3000);
        (int files, long kb) before = (Descriptors(process), Resident(process));
        int count = await Task.Run(() => Churn(parent, seconds));
        RemoveAll(parent);
        long written = new FileInfo(recording).Length;
        await UntilAsync(() => new FileInfo(recording).Length > written); // it has seen that all are gone
        await Task.Delay(500);
        (int files, long kb) after = (Descriptors(process), Resident(process));
        process.HasExited.ShouldBeFalse(process.HasExited ? await process.StandardError.ReadToEndAsync() : "");
        process.Kill(); // SIGKILL
        await process.WaitForExitAsync();
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{count} cgroups made in {seconds} s; descriptors {before.files}, {after.files}; resident {before.kb} kB, {after.kb} kB; recording {new FileInfo(recording).Length} bytes"));
        count.ShouldBeGreaterThan((int)(seconds * 100));
        after.files.ShouldBeLessThan(before.files + 40);
        (after.kb - before.kb).ShouldBeLessThan(60_000);
        Check(recording, parent, seconds);
    }

    // No gap in time that no busy machine explains, and cgroups of the parent in most samples.
    private void Check(string recording, string parent, double seconds)
    {
        using RecordingReader reader = RecordingReader.Open(recording);
        int samples = 0, with = 0;
        long longest = 0;
        long last = 0;
        while (reader.MoveNext())
        {
            longest = Math.Max(longest, samples == 0 ? 0 : reader.TimeNs - last);
            last = reader.TimeNs;
            samples++;
            with += reader.Files.List(parent) is { Ok: true } list && list.Names.Any(name => name.StartsWith('c')) ? 1 : 0;
            reader.Files.Read("/proc/meminfo").Text.ShouldStartWith("MemTotal:");
        }
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{samples} samples, {with} of them with cgroups that came and went; longest gap {longest / 1e6:0} ms; {reader.LostBytes} bytes lost"));
        last.ShouldBe(reader.LastNs);
        with.ShouldBeGreaterThan((int)seconds);
        longest.ShouldBeLessThan(5_000_000_000);
    }

    private int Churn(string parent, double seconds)
    {
        int made = 0;
        Stopwatch time = Stopwatch.StartNew();
        while (time.Elapsed.TotalSeconds < seconds)
        {
            made += _host.MakeDirectory($"{parent}/c{made % Alive}") == Errno.None ? 1 : 0;
            _host.RemoveDirectory($"{parent}/c{(made + 1) % Alive}");
            if (made > time.Elapsed.TotalSeconds * EachSecond)
            {
                Thread.Sleep(2);
            }
        }
        return made;
    }

    private void RemoveAll(string parent)
    {
        foreach (string child in _host.List(parent) is { Ok: true } list ? list.Names.Where(name => name.EndsWith('/')) : [])
        {
            _host.RemoveDirectory(parent + "/" + child.TrimEnd('/'));
        }
    }

    private static async Task UntilAsync(Func<bool> holds)
    {
        for (int wait = 0; wait < 300 && !holds(); wait++)
        {
            await Task.Delay(100);
        }
        holds().ShouldBeTrue();
    }

    private static int Descriptors(Process process) => Directory.GetFileSystemEntries($"/proc/{process.Id.ToString(CultureInfo.InvariantCulture)}/fd").Length;

    private static long Resident(Process process) => long.Parse(
        File.ReadLines($"/proc/{process.Id.ToString(CultureInfo.InvariantCulture)}/status").First(line => line.StartsWith("VmRSS:", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
}
