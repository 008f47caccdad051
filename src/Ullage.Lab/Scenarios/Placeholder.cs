using System.Globalization;

namespace Ullage.Lab.Scenarios;

/// <summary>The round of a repeat in a string: <c>{i}</c> for the outermost, <c>{j}</c> and <c>{k}</c> for those inside.</summary>
internal static class Placeholder
{
    /// <summary>How many repeats may be inside one another.</summary>
    public const int MostDepth = 3;

    public const int Length = 3;

    private static readonly string[] Words = ["{i}", "{j}", "{k}"];

    public static string Of(int depth) => Words[depth];

    /// <summary>The depth of the placeholder that begins at a place of a text; -1 when none does.</summary>
    public static int At(string text, int place)
    {
        for (int depth = 0; depth < Words.Length; depth++)
        {
            if (string.CompareOrdinal(text, place, Words[depth], 0, Length) == 0)
            {
                return depth;
            }
        }

        return -1;
    }

    public static bool IsIn(string text) => Array.Exists(Words, word => text.Contains(word, StringComparison.Ordinal));

    public static string Replace(string text, int depth, int round) =>
        text.Replace(Words[depth], round.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal);
}
