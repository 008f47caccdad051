using System.Globalization;
using Ullage.Cli.Terminal;

namespace Ullage.Cli.Verbs;

/// <summary>Reads the values of options; every refusal says what is accepted.</summary>
internal static class OptionText
{
    public static string OneOf(string option, string value, params IReadOnlyList<string> accepted)
    {
        if (accepted.Contains(value))
        {
            return value;
        }
        string? nearest = Words.Nearest(value, accepted);
        throw CliException.Usage($"{option} '{value}' is not known: use {string.Join(", ", accepted)}{(nearest is null ? "" : $" (did you mean '{nearest}'?)")}");
    }

    public static ulong Seed(string value)
    {
        bool hex = value.StartsWith("0x", StringComparison.OrdinalIgnoreCase);
        bool ok = hex
            ? ulong.TryParse(value.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ulong seed)
            : ulong.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out seed);
        return ok ? seed : throw CliException.Usage($"--seed '{value}' is not a number: use 0 to {ulong.MaxValue}, or hexadecimal such as 0x5eed");
    }

    public static int Positive(string what, string value) =>
        int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number > 0
            ? number
            : throw CliException.Usage($"{what} '{value}' is not a positive number: use 1, 2, 3, ...");

    /// <summary>Seconds, also with a fraction or a unit: <c>1</c>, <c>0.5</c>, <c>200ms</c>, <c>2m</c>.</summary>
    public static TimeSpan Interval(string what, string value)
    {
        (string number, double seconds) = value switch
        {
            _ when value.EndsWith("ms", StringComparison.Ordinal) => (value[..^2], 0.001),
            _ when value.EndsWith('s') => (value[..^1], 1),
            _ when value.EndsWith('m') => (value[..^1], 60),
            _ when value.EndsWith('h') => (value[..^1], 3600),
            _ => (value, 1),
        };
        bool ok = double.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double count);
        double total = count * seconds;
        return ok && total is >= 0.01 and <= 86400
            ? TimeSpan.FromSeconds(total)
            : throw CliException.Usage($"{what} '{value}' is not an interval: use seconds or a unit, such as 1, 0.5, 200ms or 1m (10ms to 24h)");
    }
}
