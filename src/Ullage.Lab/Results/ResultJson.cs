using System.Text.Encodings.Web;
using System.Text.Json;
using Ullage.Abi;

namespace Ullage.Lab.Results;

/// <summary>Writes and reads results as schema <c>ullage/result/1</c> (docs/result.schema.json). Same result, same bytes.</summary>
public static class ResultJson
{
    /// <summary>The schema's name, the first value of every result.</summary>
    public const string Schema = "ullage/result/1";

    private static readonly JsonWriterOptions Options = new()
    {
        Indented = true,
        IndentSize = 2,
        NewLine = "\n",
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, // results are read by people and jq, not put into web pages
    };

    /// <summary>Writes a result and a line end.</summary>
    public static void Write(RunResult result, Stream stream)
    {
        using (Utf8JsonWriter writer = new(stream, Options))
        {
            Write(result, writer);
        }

        stream.WriteByte((byte)'\n');
    }

    /// <summary>Writes a result as one object into a larger document.</summary>
    public static void Write(RunResult result, Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteString("schema", Schema);
        writer.WriteString("scenario", result.Scenario);
        writer.WriteString("target", result.Target);
        writer.WriteString("kernel", result.Kernel);
        writer.WriteNumber("seed", result.Seed);
        writer.WriteString("ended", result.Ended);
        writer.WriteNumber("virtual_ns", result.VirtualNs);
        writer.WriteNumber("wall_ms", double.IsFinite(result.WallMs) ? result.WallMs : 0);
        WriteList(writer, "processes", result.Processes, WriteProcess);
        WriteFiles(writer, result);
        WriteList(writer, "samples", result.Samples, WriteSample);
        WriteList(writer, "dmesg", result.Dmesg, WriteLogLine);
        WriteList(writer, "stacks", result.Stacks, WriteStack);
        WriteList(writer, "expectations", result.Expectations, WriteExpectation);
        if (result.Notes.Count > 0)
        {
            WriteList(writer, "notes", result.Notes, (w, note) => w.WriteStringValue(note));
        }

        writer.WriteEndObject();
    }

    /// <summary>Reads a result. Throws <see cref="FormatException"/>, saying what is wrong and where, when the bytes are not one.</summary>
    public static RunResult Read(ReadOnlyMemory<byte> json) => ResultJsonReader.Read(json);

    private static void WriteList<T>(Utf8JsonWriter writer, string key, IReadOnlyList<T> items, Action<Utf8JsonWriter, T> write)
    {
        writer.WriteStartArray(key);
        foreach (T item in items)
        {
            write(writer, item);
        }

        writer.WriteEndArray();
    }

    private static void WriteProcess(Utf8JsonWriter writer, ProcessResult process)
    {
        writer.WriteStartObject();
        writer.WriteString("name", process.Name);
        writer.WriteNumber("pid", process.Pid);
        writer.WriteString("cgroup", process.Cgroup);
        writer.WriteString("state", process.State);
        if (process.ExitCode is int code)
        {
            writer.WriteNumber("exit_code", code);
        }
        else
        {
            writer.WriteNull("exit_code");
        }

        writer.WriteString("signal", process.Signal);
        writer.WriteBoolean("oom_killed", process.OomKilled);
        WriteList(writer, "steps", process.Steps, WriteStep);
        writer.WriteEndObject();
    }

    private static void WriteStep(Utf8JsonWriter writer, StepResult step)
    {
        writer.WriteStartObject();
        writer.WriteString("op", step.Op);
        writer.WriteNumber("requested", step.Requested);
        writer.WriteNumber("done", step.Done);
        writer.WriteString("errno", step.Errno == Errno.None ? null : step.Errno.ToString());
        writer.WriteNumber("virtual_ns", step.VirtualNs);
        if (step.Passes is IReadOnlyList<PassResult> passes)
        {
            WriteList(writer, "passes", passes, WritePass);
        }

        writer.WriteEndObject();
    }

    private static void WritePass(Utf8JsonWriter writer, PassResult pass)
    {
        writer.WriteStartObject();
        writer.WriteNumber("hits", pass.Hits);
        writer.WriteNumber("misses", pass.Misses);
        writer.WriteNumber("read_bytes", pass.ReadBytes);
        writer.WriteNumber("virtual_ns", pass.VirtualNs);
        writer.WriteEndObject();
    }

    /// <summary>A file that could not be collected is a key with null, and its errno stands in <c>unavailable</c>.</summary>
    private static void WriteFiles(Utf8JsonWriter writer, RunResult result)
    {
        writer.WriteStartObject("files");
        WriteTexts(writer, result.Files);
        foreach ((string path, Errno _) in result.UnavailableFiles)
        {
            writer.WriteNull(path);
        }

        writer.WriteEndObject();
        WriteUnavailable(writer, result.UnavailableFiles);
    }

    private static void WriteUnavailable(Utf8JsonWriter writer, IReadOnlyList<KeyValuePair<string, Errno>> files)
    {
        if (files.Count == 0)
        {
            return;
        }

        writer.WriteStartObject("unavailable");
        foreach ((string path, Errno errno) in files)
        {
            writer.WriteString(path, errno.ToString());
        }

        writer.WriteEndObject();
    }

    private static void WriteTexts(Utf8JsonWriter writer, IReadOnlyList<KeyValuePair<string, string>> files)
    {
        foreach ((string path, string text) in files)
        {
            writer.WriteString(path, text);
        }
    }

    private static void WriteSample(Utf8JsonWriter writer, SampleResult sample)
    {
        writer.WriteStartObject();
        writer.WriteNumber("t_ns", sample.TNs);
        writer.WriteStartObject("files");
        WriteTexts(writer, sample.Files);
        writer.WriteEndObject();
        WriteUnavailable(writer, sample.Unavailable);
        writer.WriteEndObject();
    }

    private static void WriteLogLine(Utf8JsonWriter writer, DmesgLine line)
    {
        writer.WriteStartObject();
        writer.WriteNumber("t_ns", line.TNs);
        writer.WriteNumber("level", line.Level);
        writer.WriteString("text", line.Text);
        writer.WriteEndObject();
    }

    private static void WriteStack(Utf8JsonWriter writer, StackResult stack)
    {
        writer.WriteStartObject();
        writer.WriteString("probe", stack.Probe);
        writer.WriteNumber("count", stack.Count);
        WriteList(writer, "frames", stack.Frames, (w, frame) => w.WriteStringValue(frame));
        writer.WriteEndObject();
    }

    private static void WriteExpectation(Utf8JsonWriter writer, ExpectationResult expectation)
    {
        writer.WriteStartObject();
        writer.WriteString("text", expectation.Text);
        writer.WriteBoolean("ok", expectation.Ok);
        writer.WriteString("actual", expectation.Actual);
        writer.WriteEndObject();
    }
}
