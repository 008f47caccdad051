namespace Ullage.Lab.Scenarios.Reading;

/// <summary>Finds what somebody probably meant.</summary>
internal static class Nearest
{
    private const int LongestWord = 100;

    /// <summary>The known word with the fewest typing mistakes from <paramref name="word"/>; null when none is near. The first of equals.</summary>
    public static string? Of(string word, IEnumerable<string> known)
    {
        string? best = null;
        int bestDistance = int.MaxValue;
        foreach (string candidate in known)
        {
            int distance = Distance(word, candidate);
            if (distance < bestDistance)
            {
                best = candidate;
                bestDistance = distance;
            }
        }

        return best is not null && bestDistance <= Math.Max(1, Math.Max(word.Length, best.Length) * 2 / 5) ? best : null;
    }

    /// <summary><c>: did you mean 'x'?</c>, or <c>: known are a, b, c</c> when nothing is near.</summary>
    public static string Advice(string word, IReadOnlyCollection<string> known)
    {
        string? nearest = Of(word, known);
        string verb = known.Count == 1 ? "is" : "are";
        return nearest is not null ? $": did you mean '{nearest}'?" : $": known {verb} {string.Join(", ", known)}";
    }

    /// <summary>Insertions, deletions, replacements and swaps of neighbours. Case counts nothing.</summary>
    public static int Distance(string a, string b)
    {
        if (a.Length > LongestWord || b.Length > LongestWord)
        {
            return int.MaxValue;
        }

        int[,] cost = new int[a.Length + 1, b.Length + 1];
        for (int i = 0; i <= a.Length; i++)
        {
            for (int j = 0; j <= b.Length; j++)
            {
                cost[i, j] = i == 0 ? j : j == 0 ? i : Step(a, b, i, j, cost);
            }
        }

        return cost[a.Length, b.Length];
    }

    private static int Step(string a, string b, int i, int j, int[,] cost)
    {
        int replace = cost[i - 1, j - 1] + (Same(a[i - 1], b[j - 1]) ? 0 : 1);
        int best = Math.Min(replace, Math.Min(cost[i - 1, j], cost[i, j - 1]) + 1);
        bool swapped = i > 1 && j > 1 && Same(a[i - 1], b[j - 2]) && Same(a[i - 2], b[j - 1]);
        return swapped ? Math.Min(best, cost[i - 2, j - 2] + 1) : best;
    }

    private static bool Same(char a, char b) => char.ToLowerInvariant(a) == char.ToLowerInvariant(b);
}
