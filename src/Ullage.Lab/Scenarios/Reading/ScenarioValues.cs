using Ullage.Abi.Units;

namespace Ullage.Lab.Scenarios.Reading;

/// <summary>Sizes, times and rates as people write them (scenario.md), with reasons that fit on one line whatever was written. Null is success.</summary>
internal static class ScenarioValues
{
    /// <summary>Bytes, with a sign.</summary>
    public static string? TrySize(string text, out long bytes)
    {
        bool ok = ByteSize.TryParseHumanSigned(text, out ByteSize size, out string problem);
        bytes = size.Bytes;
        return ok ? null : OneLine(problem, text);
    }

    /// <summary>Nanoseconds. A bare number is refused, except 0.</summary>
    public static string? TryTime(string text, out long ns)
    {
        bool ok = TimeSpanNs.TryParseHuman(text, out TimeSpanNs span, out string problem);
        ns = span.Ns;
        return ok ? null : OneLine(problem, text);
    }

    /// <summary>Bytes per second: a size and <c>/s</c>.</summary>
    public static string? TryRate(string text, out long bytesPerSecond)
    {
        bytesPerSecond = 0;
        string trimmed = text.Trim();
        return trimmed.EndsWith("/s", StringComparison.Ordinal) && TrySize(trimmed[..^2], out bytesPerSecond) is null
            ? null
            : $"{Quote.Text(text)} is not a rate: write a size per second, such as 500MiB/s";
    }

    /// <summary>The reason quotes what was written, which may be long or hold line ends.</summary>
    private static string OneLine(string problem, string text)
    {
        foreach (string quoted in new[] { text, text.Trim() })
        {
            problem = quoted.Length > 0 ? problem.Replace(quoted, Quote.Plain(quoted), StringComparison.Ordinal) : problem;
        }

        return Quote.Path(problem);
    }
}
