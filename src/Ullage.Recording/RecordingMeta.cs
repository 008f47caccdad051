using System.Globalization;
using System.Text.Json;

namespace Ullage.Recording;

/// <summary>What a recording is of.</summary>
public sealed record RecordingMeta
{
    /// <summary><c>host</c> or <c>model</c>.</summary>
    public required string Target { get; init; }
    /// <summary>The host's name, or the scenario's.</summary>
    public required string Name { get; init; }
    /// <summary>The kernel's release, or the era.</summary>
    public required string Kernel { get; init; }
    /// <summary>The command line that made it.</summary>
    public string Command { get; init; } = "";
    /// <summary>The interval that was asked for, in nanoseconds.</summary>
    public long IntervalNs { get; init; }
    /// <summary>Time of its beginning: nanoseconds since 1970; 0 on a model.</summary>
    public long StartNs { get; init; }
    /// <summary>True when times are nanoseconds since 1970; false when they count from the start of a run.</summary>
    public bool WallClock { get; init; }
    /// <summary>The text of the scenario; empty when there was none.</summary>
    public string Scenario { get; init; } = "";

    internal byte[] ToJson()
    {
        using MemoryStream buffer = new();
        using (Utf8JsonWriter json = new(buffer))
        {
            json.WriteStartObject();
            json.WriteString("schema", "ullage/recording/1");
            json.WriteString("target", Target);
            json.WriteString("name", Name);
            json.WriteString("kernel", Kernel);
            json.WriteString("command", Command);
            json.WriteNumber("interval_ns", IntervalNs);
            json.WriteNumber("start_ns", StartNs);
            json.WriteBoolean("wall_clock", WallClock);
            json.WriteString("scenario", Scenario);
            json.WriteEndObject();
        }
        return buffer.ToArray();
    }

    internal static RecordingMeta FromJson(ReadOnlyMemory<byte> bytes)
    {
        using JsonDocument document = JsonDocument.Parse(bytes);
        JsonElement root = document.RootElement;
        return new RecordingMeta
        {
            Target = Text(root, "target"),
            Name = Text(root, "name"),
            Kernel = Text(root, "kernel"),
            Command = Text(root, "command"),
            IntervalNs = root.GetProperty("interval_ns").GetInt64(),
            StartNs = root.GetProperty("start_ns").GetInt64(),
            WallClock = root.GetProperty("wall_clock").GetBoolean(),
            Scenario = Text(root, "scenario"),
        };
    }

    /// <summary>A moment of this recording, for people: UTC, or seconds of the run.</summary>
    public string TimeText(long timeNs) => WallClock
        ? DateTime.UnixEpoch.AddTicks(timeNs / 100).ToString("yyyy-MM-ddTHH:mm:ss.fff'Z'", CultureInfo.InvariantCulture)
        : string.Create(CultureInfo.InvariantCulture, $"{timeNs / 1e9:0.000}s");

    private static string Text(JsonElement root, string name) => root.TryGetProperty(name, out JsonElement value) ? value.GetString() ?? "" : "";
}
