using System.Diagnostics;
using System.Globalization;
using Ullage.Abi;
using Ullage.Abi.Files;
using Ullage.Cli.Run;
using Ullage.Cli.Terminal;
using Ullage.Observe.Host;
using Ullage.Recording;
using Ullage.Recording.Writing;

namespace Ullage.Cli.Recordings;

/// <summary>What a command line asks <c>record</c> to do.</summary>
internal sealed record RecordRequest
{
    public required string Output { get; init; }
    public string Root { get; init; } = "/";
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(5);
    /// <summary>When to stop; null = when it is interrupted.</summary>
    public TimeSpan? For { get; init; }
    public int? Count { get; init; }
    /// <summary>The size at which to stop; null = none.</summary>
    public long? MostBytes { get; init; }
    public bool Quiet { get; init; }
}

/// <summary>Carries out <c>ullage record</c>: samples at every interval, kernel log events when they come, with samples close around them.</summary>
internal sealed class HostRecording(CliConsole console, CliServices services)
{
    private static readonly TimeSpan LogEvery = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan CloseInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan CloseFor = TimeSpan.FromSeconds(10);

    public async Task<int> RunAsync(RecordRequest request, CancellationToken cancel)
    {
        HostFiles files = new(request.Root);
        if (!files.Read("/proc/meminfo").Ok)
        {
            throw CliException.NoData($"{files.RealPath("/proc/meminfo")}: {ErrnoNames.Describe(files.Read("/proc/meminfo").Errno)}: there is no kernel to record below {request.Root}; mount /proc, or name another --root");
        }
        CgroupMounts mounts = CgroupMounts.Find(files);
        if (mounts.Memory is null && !request.Quiet)
        {
            console.WriteError($"ullage: note: only the machine is recorded, no cgroups: {mounts.WhyNoMemory}");
        }
        using RecordingWriter writer = Create(request, files);
        using Recorder recorder = new(files, writer, mounts);
        using KernelLogReader? log = files.IsLive ? new KernelLogReader() : null;
        if (log?.Note is string note && !request.Quiet)
        {
            console.WriteError($"ullage: note: {note}");
        }
        try
        {
            string why = await LoopAsync(request, writer, recorder, log, cancel).ConfigureAwait(false);
            Tell(request, writer, recorder, why);
            return cancel.IsCancellationRequested ? ExitCodes.Interrupted : ExitCodes.Ok;
        }
        catch (IOException failure)
        {
            throw CliException.NoData($"cannot write {request.Output}: {ScenarioLoader.Describe(failure)}: {Amounts.Count(writer.Samples, "sample")} are safe in it; make room and record into another file");
        }
    }

    private RecordingWriter Create(RecordRequest request, HostFiles files)
    {
        RecordingMeta meta = new()
        {
            Target = "host",
            Name = files.Read("/proc/sys/kernel/hostname") is { Ok: true } name ? name.Text.Trim() : Environment.MachineName,
            Kernel = files.Read("/proc/sys/kernel/osrelease").Text.Trim(),
            Command = console.CommandLine,
            IntervalNs = request.Interval.Ticks * 100,
            StartNs = NowNs(),
            WallClock = true,
        };
        try
        {
            return RecordingWriter.Create(request.Output, meta);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw CliException.NoData($"cannot write {request.Output}: {ScenarioLoader.Describe(failure)}: give -o a file in a directory you may write to");
        }
    }

    private async Task<string> LoopAsync(RecordRequest request, RecordingWriter writer, Recorder recorder, KernelLogReader? log, CancellationToken cancel)
    {
        Stopwatch watch = Stopwatch.StartNew();
        TimeSpan due = TimeSpan.Zero;
        TimeSpan closeUntil = TimeSpan.Zero;
        long lastNs = 0;
        while (true)
        {
            bool happened = log is not null && WriteLog(log, writer);
            closeUntil = happened ? watch.Elapsed + CloseFor : closeUntil;
            if (happened || watch.Elapsed >= due)
            {
                lastNs = Math.Max(NowNs(), lastNs + 1); // somebody may set the clock back
                recorder.Sample(lastNs, alarm: happened);
                TimeSpan step = watch.Elapsed < closeUntil && CloseInterval < request.Interval ? CloseInterval : request.Interval;
                due = happened ? watch.Elapsed + step : Next(due, step, watch.Elapsed);
            }
            if (request.MostBytes is long most && writer.Length >= most)
            {
                return $"it reached the size of {Amounts.Size(most)}";
            }
            if (writer.Samples >= request.Count || watch.Elapsed >= request.For || cancel.IsCancellationRequested)
            {
                return "";
            }
            TimeSpan until = request.For is TimeSpan end && end < due ? end : due;
            TimeSpan wait = until - watch.Elapsed;
            wait = log?.Note is null && log is not null && wait > LogEvery ? LogEvery : wait;
            if (wait > TimeSpan.Zero)
            {
                await Task.Delay(wait, services.Time, cancel).ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default).ConfigureAwait(false);
            }
        }
    }

    // Beats that were missed are left out; the others keep their places.
    private static TimeSpan Next(TimeSpan due, TimeSpan step, TimeSpan now) => due + (step * (1 + Math.Max(0, (int)((now - due) / step))));

    // Every record of the kernel's is kept; those about memory call for samples close around them.
    private static bool WriteLog(KernelLogReader log, RecordingWriter writer)
    {
        bool about = false;
        foreach (KmsgRecord record in log.Poll())
        {
            foreach (string line in record.Text.TrimEnd('\n').Split('\n'))
            {
                writer.Event(NowNs(), record.Level, line);
                about |= line.Contains("oom-killer", StringComparison.Ordinal) || line.Contains("Killed process", StringComparison.Ordinal) || line.StartsWith("SLUB:", StringComparison.Ordinal)
                    || line.Contains("page allocation failure", StringComparison.Ordinal);
            }
        }
        return about;
    }

    private void Tell(RecordRequest request, RecordingWriter writer, Recorder recorder, string why)
    {
        if (!request.Quiet)
        {
            string stopped = why.Length > 0 ? $"stopped, because {why}: " : "";
            console.WriteError(string.Create(CultureInfo.InvariantCulture,
                $"{stopped}{Amounts.Count(writer.Samples, "sample")} of {Amounts.Count(recorder.Cgroups, "cgroup")} in {request.Output} ({Amounts.Size(writer.Length)}): 'ullage report {ShellText.Of([request.Output])} -o report.html' shows them"));
        }
    }

    private static long NowNs() => (DateTime.UtcNow - DateTime.UnixEpoch).Ticks * 100;
}
