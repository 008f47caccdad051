using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Ullage.Cli.Terminal;
using Ullage.Observe.Fields;
using Ullage.Observe.Readings;
using Ullage.Observe.Sampling;

namespace Ullage.Cli.Stat;

/// <summary>One object per sample, one per line or all in one array. Null with an entry in <c>unavailable</c> is unavailable; null without is no limit.</summary>
internal sealed class StatJsonWriter(CliConsole console, bool lines) : IStatWriter
{
    private const string Schema = "ullage/sample/1";
    private bool _begun;

    public void Write(StatSample sample)
    {
        string json = Json(sample);
        if (lines)
        {
            console.WriteLine(json);
            return;
        }
        console.Out.Write(_begun ? ",\n" + json : "[\n" + json);
        _begun = true;
    }

    public void End()
    {
        if (!lines)
        {
            console.WriteLine(_begun ? "\n]" : "[]");
        }
    }

    private static string Json(StatSample sample)
    {
        using MemoryStream buffer = new();
        using (Utf8JsonWriter json = new(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            json.WriteString("schema", Schema);
            json.WriteString("ts", sample.At.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture));
            json.WriteString("hierarchy", sample.Version == 1 ? "v1" : "v2");
            json.WriteString("cgroup", sample.Cgroup);
            Memory(json, sample);
            json.WriteStartObject("derived");
            Number(json, "ullage", sample.UllageBytes);
            Number(json, "room", sample.RoomBytes);
            Number(json, "working_set", sample.WorkingSetBytes);
            json.WriteString("binding_cgroup", sample.BindingCgroup);
            Number(json, "binding_limit", sample.BindingLimitBytes);
            json.WriteString("binding_kind", BindingKind(sample));
            json.WriteEndObject();
            Fields(json, sample);
            json.WriteStartObject("unavailable");
            foreach ((string field, string reason) in sample.Unavailable)
            {
                json.WriteString(field, reason);
            }
            json.WriteEndObject();
            json.WriteEndObject();
        }
        return Encoding.UTF8.GetString(buffer.ToArray());
    }

    private static string? BindingKind(StatSample sample) =>
        sample switch
    {
        { BindingCgroup: null or StatSample.Machine } => null,
        { BindingKind: LimitKind.MemoryAndSwap } => "memsw",
        { BindingKind: LimitKind.KernelMemory } => "kmem",
        _ => "memory",
    };

    // All that the kernel gives, under the names of the field catalogue; no limit is null.
    private static void Fields(Utf8JsonWriter json, StatSample sample)
    {
        json.WriteStartObject("fields");
        foreach ((Field field, long value) in sample.Fields)
        {
            Number(json, field.Name, field.Kind == FieldKind.Limit && value == Sample.Unlimited ? null : value);
        }
        json.WriteEndObject();
    }

    private static void Memory(Utf8JsonWriter json, StatSample sample)
    {
        json.WriteStartObject("memory");
        Number(json, "usage", sample.UsageBytes);
        Number(json, "limit", sample.Limit?.Bytes);
        Number(json, "anon", sample.AnonBytes);
        Number(json, "file", sample.FileBytes);
        Number(json, "kernel", sample.KernelBytes);
        Number(json, "swap", sample.SwapBytes);
        if (sample.Version == 1)
        {
            Number(json, "failcnt", sample.Failcnt);
        }
        else
        {
            Number(json, "max", sample.MaxEvents);
        }
        Number(json, "oom_kill", sample.OomKills);
        json.WriteEndObject();
    }

    private static void Number(Utf8JsonWriter json, string name, long? value)
    {
        if (value is long known)
        {
            json.WriteNumber(name, known);
        }
        else
        {
            json.WriteNull(name);
        }
    }
}
