using System.Globalization;

namespace Ullage.Cli.Terminal;

/// <summary>Amounts as reports show them. Reports put a part beside its whole (99.8M of 100M), so one decimal stays unless the number is whole.</summary>
internal static class Amounts
{
    private const string Units = "BKMGTPE";

    /// <summary>IEC size of at most six characters: <c>99.8M</c>, <c>100M</c> when it is exactly that, <c>100.0M</c> when it is nearly that.</summary>
    public static string Size(long bytes)
    {
        if (bytes < 0)
        {
            return "-" + Size(bytes == long.MinValue ? long.MaxValue : -bytes);
        }
        int unit = 0;
        double value = bytes;
        while (value >= 999.95 && unit < Units.Length - 1 && !(value < 1024 && IsWhole(bytes, unit)))
        {
            value /= 1024;
            unit++;
        }
        string format = unit == 0 || IsWhole(bytes, unit) ? "0" : "0.0";
        return value.ToString(format, CultureInfo.InvariantCulture) + Units[unit];
    }

    /// <summary>A size, or <c>max</c> for no limit.</summary>
    public static string Limit(long? bytes) => bytes is long known ? Size(known) : "max";

    /// <summary>A time with three significant digits: <c>25.3ms</c>, <c>1.25s</c>, <c>2m05s</c>.</summary>
    public static string Time(long ns)
    {
        (double value, string unit) = ns switch
        {
            < 1_000 => (ns, "ns"),
            < 1_000_000 => (ns / 1e3, "us"),
            < 1_000_000_000 => (ns / 1e6, "ms"),
            < 120_000_000_000 => (ns / 1e9, "s"),
            _ => (0, ""),
        };
        if (unit.Length == 0)
        {
            long seconds = ns / 1_000_000_000;
            return seconds < 7200
                ? string.Create(CultureInfo.InvariantCulture, $"{seconds / 60}m{seconds % 60:00}s")
                : string.Create(CultureInfo.InvariantCulture, $"{seconds / 3600}h{seconds / 60 % 60:00}m");
        }
        string format = value >= 99.95 ? "0" : value >= 9.995 ? "0.#" : "0.##";
        return value.ToString(format, CultureInfo.InvariantCulture) + unit;
    }

    /// <summary>A part of a whole in percent, rounded down, so that 100% means all of it.</summary>
    public static string Percent(long part, long whole) =>
        whole <= 0 ? "-" : string.Create(CultureInfo.InvariantCulture, $"{(long)(100m * part / whole)}%");

    /// <summary><c>1 file</c>, <c>3 files</c>, <c>2 processes</c>.</summary>
    public static string Count(long count, string noun)
    {
        string ending = count == 1 ? "" : noun.EndsWith('s') ? "es" : "s";
        return string.Create(CultureInfo.InvariantCulture, $"{count} {noun}{ending}");
    }

    private static bool IsWhole(long bytes, int unit) => (bytes & ((1L << (10 * unit)) - 1)) == 0;
}
