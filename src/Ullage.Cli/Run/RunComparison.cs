using System.Globalization;
using System.Text.Json;

namespace Ullage.Cli.Run;

/// <summary>Finds the first difference between two results, for <c>--verify</c>.</summary>
internal static class RunComparison
{
    /// <summary>Null when the two are identical in everything but <c>wall_ms</c>, else the path and the two values.</summary>
    public static string? FirstDifference(string first, string second)
    {
        using JsonDocument a = JsonDocument.Parse(first);
        using JsonDocument b = JsonDocument.Parse(second);
        return Compare("", a.RootElement, b.RootElement);
    }

    private static string? Compare(string path, JsonElement a, JsonElement b)
    {
        if (a.ValueKind != b.ValueKind)
        {
            return Differs(path, a, b);
        }
        return a.ValueKind switch
        {
            JsonValueKind.Object => Objects(path, a, b),
            JsonValueKind.Array => Arrays(path, a, b),
            _ => a.GetRawText() == b.GetRawText() ? null : Differs(path, a, b),
        };
    }

    private static string? Objects(string path, JsonElement a, JsonElement b)
    {
        foreach (JsonProperty property in a.EnumerateObject())
        {
            string below = Below(path, property.Name);
            if (below == "wall_ms")
            {
                continue;
            }
            string? difference = b.TryGetProperty(property.Name, out JsonElement other) ? Compare(below, property.Value, other) : $"{below}: only in the first run";
            if (difference is not null)
            {
                return difference;
            }
        }
        foreach (JsonProperty property in b.EnumerateObject())
        {
            if (!a.TryGetProperty(property.Name, out _))
            {
                return $"{Below(path, property.Name)}: only in the second run";
            }
        }
        return null;
    }

    private static string? Arrays(string path, JsonElement a, JsonElement b)
    {
        int common = Math.Min(a.GetArrayLength(), b.GetArrayLength());
        for (int i = 0; i < common; i++)
        {
            if (Compare(string.Create(CultureInfo.InvariantCulture, $"{path}[{i}]"), a[i], b[i]) is string difference)
            {
                return difference;
            }
        }
        return a.GetArrayLength() == b.GetArrayLength() ? null
            : string.Create(CultureInfo.InvariantCulture, $"{path}: {a.GetArrayLength()} and {b.GetArrayLength()} elements");
    }

    // Names that are paths (collected files) are quoted, so that the dots in them do not look like levels.
    private static string Below(string path, string name)
    {
        string step = name.Contains('/', StringComparison.Ordinal) ? $"[\"{name}\"]" : name;
        return path.Length == 0 ? step : step[0] == '[' ? path + step : $"{path}.{step}";
    }

    private static string Differs(string path, JsonElement a, JsonElement b) => $"{path}: {Short(a)} and {Short(b)}";

    private static string Short(JsonElement value)
    {
        string text = value.GetRawText();
        return text.Length <= 60 ? text : text[..57] + "...";
    }
}
