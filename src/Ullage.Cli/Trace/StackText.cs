using System.Globalization;
using System.Text;
using System.Text.Json;
using Ullage.Lab.Results;

namespace Ullage.Cli.Trace;

/// <summary>Writes stack histograms: as bpftrace prints them, folded for flame graphs, or for speedscope.</summary>
internal static class StackText
{
    /// <summary>As <c>bpftrace -e 'kprobe:FUNCTION { @[kstack] = count(); }'</c>: innermost first, the rarest stack first.</summary>
    public static string Histogram(IReadOnlyList<StackResult> stacks)
    {
        StringBuilder text = new();
        foreach (StackResult stack in stacks)
        {
            text.Append("@[\n");
            foreach (string frame in stack.Frames)
            {
                text.Append("    ").Append(frame).Append('\n');
            }
            text.Append(CultureInfo.InvariantCulture, $"]: {stack.Count}\n");
        }
        return text.ToString();
    }

    /// <summary>One line per stack, outermost first: <c>a;b;c 35</c>.</summary>
    public static string Folded(IReadOnlyList<StackResult> stacks)
    {
        StringBuilder text = new();
        foreach (StackResult stack in stacks)
        {
            text.AppendJoin(';', stack.Frames.Reverse()).Append(CultureInfo.InvariantCulture, $" {stack.Count}\n");
        }
        return text.ToString();
    }

    /// <summary>A file for speedscope: one sampled profile per function, weighted by calls.</summary>
    public static string Speedscope(string name, IReadOnlyList<StackResult> stacks)
    {
        List<string> frames = [.. stacks.SelectMany(stack => stack.Frames).Distinct(StringComparer.Ordinal)];
        using MemoryStream buffer = new();
        using (Utf8JsonWriter json = new(buffer))
        {
            json.WriteStartObject();
            json.WriteString("$schema", "https://www.speedscope.app/file-format-schema.json");
            json.WriteString("name", name);
            json.WriteStartObject("shared");
            json.WriteStartArray("frames");
            foreach (string frame in frames)
            {
                json.WriteStartObject();
                json.WriteString("name", frame);
                json.WriteEndObject();
            }
            json.WriteEndArray();
            json.WriteEndObject();
            json.WriteStartArray("profiles");
            foreach (IGrouping<string, StackResult> function in stacks.GroupBy(stack => stack.Probe, StringComparer.Ordinal))
            {
                WriteProfile(json, function.Key, [.. function], frames);
            }
            json.WriteEndArray();
            json.WriteEndObject();
        }
        return Encoding.UTF8.GetString(buffer.ToArray()) + "\n";
    }

    private static void WriteProfile(Utf8JsonWriter json, string function, StackResult[] stacks, List<string> frames)
    {
        json.WriteStartObject();
        json.WriteString("type", "sampled");
        json.WriteString("name", function);
        json.WriteString("unit", "none");
        json.WriteNumber("startValue", 0);
        json.WriteNumber("endValue", stacks.Sum(stack => stack.Count));
        json.WriteStartArray("samples");
        foreach (StackResult stack in stacks)
        {
            json.WriteStartArray();
            foreach (string frame in stack.Frames.Reverse())
            {
                json.WriteNumberValue(frames.IndexOf(frame));
            }
            json.WriteEndArray();
        }
        json.WriteEndArray();
        json.WriteStartArray("weights");
        foreach (StackResult stack in stacks)
        {
            json.WriteNumberValue(stack.Count);
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }
}
