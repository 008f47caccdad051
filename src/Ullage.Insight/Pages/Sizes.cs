using System.Globalization;

namespace Ullage.Insight.Pages;

/// <summary>Sizes for people.</summary>
internal static class Sizes
{
    private const string Units = "BKMGTPE";

    /// <summary>An IEC size such as <c>99.8M</c>; a dash for NaN.</summary>
    public static string Text(double bytes)
    {
        if (double.IsNaN(bytes))
        {
            return "–";
        }
        int unit = 0;
        double value = Math.Abs(bytes);
        while (value >= 999.95 && unit < Units.Length - 1)
        {
            value /= 1024;
            unit++;
        }
        string number = value.ToString(unit == 0 || value == Math.Floor(value) ? "0" : "0.0", CultureInfo.InvariantCulture);
        return (bytes < 0 ? "-" : "") + number + Units[unit];
    }
}
