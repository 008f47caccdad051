using System.Globalization;
using System.Text;
using Ullage.Lab.Results;

namespace Ullage.Lab.Targets.Host;

/// <summary>Why this host's kernel cannot be traced, and what to do.</summary>
/// <param name="Message">What is missing, naming the file: what to do.</param>
/// <param name="ExitCode">3 without permission, 4 when the kernel lacks it.</param>
public sealed record TracingProblem(string Message, int ExitCode);

/// <summary>
/// Counts calls of kernel functions by their stacks on this host: a kprobe for each function and a histogram over stack traces, in an instance of
/// tracefs of its own, so that nobody else's tracing is touched. All calls on the machine are counted, not only the scenario's. Removes what it made.
/// </summary>
public sealed class HostTracer : IDisposable
{
    private const int NoPermission = 3;
    private const int NotThere = 4;

    private readonly string _tracefs;
    private readonly string _group;
    private readonly List<string> _functions = [];

    private HostTracer(string tracefs, string group) => (_tracefs, _group) = (tracefs, group);

    private string Instance => Path.Combine(_tracefs, "instances", _group);

    /// <summary>What stands in the way; null = nothing that can be seen without trying.</summary>
    /// <param name="root">The tree to look at: <c>/</c>.</param>
    public static TracingProblem? Check(string root = "/") => Find(root, out TracingProblem? problem) is null ? problem : null;

    private static string? Find(string root, out TracingProblem? problem)
    {
        const string shown = "/sys/kernel/tracing";
        problem = null;
        string[] places = [Path.Combine(root, "sys/kernel/tracing"), Path.Combine(root, "sys/kernel/debug/tracing")];
        foreach (string place in places)
        {
            if (File.Exists(Path.Combine(place, "kprobe_events")))
            {
                return place;
            }
        }
        problem = Directory.Exists(places[0]) ? ProblemOf(places[0], shown)
            : new TracingProblem($"{shown}: ENOENT: this kernel was built without tracing (CONFIG_TRACING): trace on the model", NotThere);
        return null;
    }

    private static TracingProblem ProblemOf(string place, string shown)
    {
        try
        {
            return Directory.EnumerateFileSystemEntries(place).Any()
                ? new TracingProblem($"{shown}/kprobe_events: ENOENT: this kernel was built without kprobe events (CONFIG_KPROBE_EVENTS): trace on the model", NotThere)
                : new TracingProblem($"{shown} is empty: mount it with: mount -t tracefs none {shown}", NoPermission);
        }
        catch (Exception refused) when (refused is UnauthorizedAccessException or IOException)
        {
            return new TracingProblem($"{shown}: EACCES: run as root", NoPermission);
        }
    }

    /// <summary>Begins to count.</summary>
    /// <param name="functions">Kernel functions.</param>
    /// <param name="group">A name that nobody else uses.</param>
    /// <param name="root">The tree that tracefs is in: <c>/</c>.</param>
    /// <exception cref="TargetUnavailableException">It cannot; nothing is left behind.</exception>
    public static HostTracer Start(IReadOnlyList<string> functions, string group, string root = "/")
    {
        ArgumentNullException.ThrowIfNull(functions);
        string tracefs = Find(root, out TracingProblem? problem) ?? throw new TargetUnavailableException(problem!.Message, problem.ExitCode);
        HostTracer tracer = new(tracefs, group);
        try
        {
            Directory.CreateDirectory(tracer.Instance);
            foreach (string function in functions.Distinct(StringComparer.Ordinal))
            {
                tracer.Attach(function);
            }
            return tracer;
        }
        catch (Exception failed) when (failed is UnauthorizedAccessException or IOException)
        {
            tracer.Dispose();
            throw new TargetUnavailableException($"{tracer.Instance}: {failed.Message}: run as root, or trace on the model", NoPermission);
        }
        catch
        {
            tracer.Dispose();
            throw;
        }
    }

    private string Event(string function) => "u_" + new string([.. function.Select(c => char.IsAsciiLetterOrDigit(c) ? c : '_')]);

    private void Attach(string function)
    {
        try
        {
            Append("kprobe_events", $"p:{_group}/{Event(function)} {function}");
        }
        catch (IOException refused)
        {
            throw new TargetUnavailableException($"{_tracefs}/kprobe_events: {refused.Message}: this kernel has no function {function} that can be probed " +
                "(inlined ones cannot): see available_filter_functions", NotThere);
        }
        _functions.Add(function);
        string trigger = Path.Combine(Instance, "events", _group, Event(function), "trigger");
        try
        {
            Write(trigger, "hist:keys=common_stacktrace");
        }
        catch (IOException)
        {
            Write(trigger, "hist:keys=stacktrace"); // before 6.3
        }
    }

    /// <summary>The stacks so far, as the model reports its own.</summary>
    public IReadOnlyList<StackResult> Collect()
    {
        List<StackResult> stacks = [];
        foreach (string function in _functions)
        {
            stacks.AddRange(Parse(function, File.ReadAllText(Path.Combine(Instance, "events", _group, Event(function), "hist"))));
        }
        return [.. stacks.OrderBy(stack => stack.Probe, StringComparer.Ordinal).ThenBy(stack => stack.Count).ThenBy(stack => string.Join(';', stack.Frames), StringComparer.Ordinal)];
    }

    /// <summary>Reads a <c>hist</c> file: entries of a stack, a line for each frame, and <c>hitcount</c>. Offsets are left out, equal stacks added.</summary>
    internal static IReadOnlyList<StackResult> Parse(string function, string text)
    {
        List<StackResult> stacks = [];
        List<string>? frames = null;
        foreach (string line in text.Split('\n'))
        {
            string trimmed = line.Trim();
            if (trimmed.StartsWith('{'))
            {
                frames = [function];
            }
            else if (trimmed.StartsWith('}') && frames is not null)
            {
                long count = long.Parse(trimmed[(trimmed.LastIndexOf(':') + 1)..].Trim(), CultureInfo.InvariantCulture);
                Add(stacks, new StackResult(function, count, frames));
                frames = null;
            }
            else if (frames is not null && trimmed.Length > 0)
            {
                string frame = trimmed.Split('+', ' ')[0];
                if (frame != function && !IsOfTheProbe(frame))
                {
                    frames.Add(frame);
                }
            }
        }
        return stacks;
    }

    /// <summary>The probe's own way into the histogram is no caller.</summary>
    private static bool IsOfTheProbe(string frame) => frame is "kprobe_trace_func" or "kprobe_dispatcher" or "kprobe_perf_func" or "kprobe_ftrace_handler" or "ftrace_regs_call"
        or "ftrace_ops_assist_func" or "opt_pre_handler" or "optimized_callback" or "aggr_pre_handler" or "kprobe_int3_handler" or "do_int3" or "event_triggers_call"
        or "trace_event_buffer_commit" || frame.StartsWith("event_hist_trigger", StringComparison.Ordinal) || frame.StartsWith("0x", StringComparison.Ordinal);

    private static void Add(List<StackResult> stacks, StackResult stack)
    {
        int at = stacks.FindIndex(each => each.Frames.SequenceEqual(stack.Frames));
        if (at < 0)
        {
            stacks.Add(stack);
        }
        else
        {
            stacks[at] = stacks[at] with { Count = stacks[at].Count + stack.Count };
        }
    }

    private void Append(string file, string line) => Write(Path.Combine(_tracefs, file), line, FileMode.Append);

    private static void Write(string path, string line, FileMode mode = FileMode.Open)
    {
        using FileStream file = new(path, mode, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
        file.Write(Encoding.UTF8.GetBytes(line + "\n")); // one write is one command
    }

    /// <summary>Removes the instance, which ends the histograms, then the probes.</summary>
    public void Dispose()
    {
        Try(() => Directory.Delete(Instance));
        foreach (string function in _functions)
        {
            Try(() => Append("kprobe_events", $"-:{_group}/{Event(function)}"));
        }
        _functions.Clear();
    }

    private static void Try(Action remove)
    {
        try
        {
            remove();
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            // somebody else removed it, or there is nothing to remove
        }
    }
}
