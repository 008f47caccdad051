using System.Globalization;
using Ullage.Lab.Scenarios;
using Ullage.Lab.Scenarios.Reading;

namespace Ullage.Lab.Results;

/// <summary>Compares what was found with what was expected.</summary>
internal static class Comparing
{
    /// <summary>The comparison in words.</summary>
    public static string Text(Comparison comparison) => comparison.Kind switch
    {
        ComparisonKind.AtLeast => $"at least {comparison.Value}",
        ComparisonKind.AtMost => $"at most {comparison.Value}",
        ComparisonKind.Contains => $"contains {Quote.Text(comparison.Value)}",
        _ => Quote.Plain(comparison.Value),
    };

    /// <summary>Numbers are compared as numbers where both are; otherwise texts, without blanks at the ends.</summary>
    public static bool Holds(Comparison comparison, string found)
    {
        if (comparison.Kind == ComparisonKind.Contains)
        {
            return found.Contains(comparison.Value, StringComparison.Ordinal);
        }

        decimal? actual = Number(found);
        decimal? expected = Number(comparison.Value);
        if (actual is null || expected is null)
        {
            return comparison.Kind == ComparisonKind.EqualTo && string.Equals(found.Trim(), comparison.Value.Trim(), StringComparison.Ordinal);
        }

        return comparison.Kind switch
        {
            ComparisonKind.AtLeast => actual >= expected,
            ComparisonKind.AtMost => actual <= expected,
            _ => actual == expected,
        };
    }

    /// <summary>A number as kernel files show them; null when the text is not one.</summary>
    public static decimal? Number(string text) =>
        decimal.TryParse(text.Trim(), NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out decimal value) ? value : null;
}
