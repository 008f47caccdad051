using System.Globalization;

namespace Ullage.Lab.Results;

/// <summary>
/// Finds one field in the text of a kernel file, for expectations: <c>oom_kill</c> of a keyed file, <c>some.avg10</c> of a pressure file,
/// <c>dentry.num_slabs</c> of slabinfo, and <c>MemFree</c> of meminfo.
/// </summary>
internal static class FileFields
{
    private static readonly char[] Blanks = [' ', '\t'];

    private static readonly string[] SlabColumns = ["active_objs", "num_objs", "objsize", "objperslab", "pagesperslab"];

    /// <summary>Columns after <c>: slabdata</c>.</summary>
    private static readonly string[] SlabDataColumns = ["active_slabs", "num_slabs", "sharedavail"];

    /// <summary>Columns after <c>: tunables</c>.</summary>
    private static readonly string[] SlabTunables = ["limit", "batchcount", "sharedfactor"];

    /// <summary>The field's text as the file shows it; null when the file has no such field.</summary>
    public static string? Find(string text, string field)
    {
        foreach (string line in text.Split('\n'))
        {
            if (FindInLine(line, field) is string value)
            {
                return value;
            }
        }

        return null;
    }

    /// <summary>The names of the fields that the file has, for saying which one is nearest.</summary>
    public static IReadOnlyList<string> Names(string text)
    {
        List<string> names = [];
        foreach (string line in text.Split('\n'))
        {
            string[] words = line.Split(Blanks, StringSplitOptions.RemoveEmptyEntries);
            if (words.Length < 2 || words[0].StartsWith('#') || words[0] == "slabinfo")
            {
                continue;
            }

            string key = words[0].TrimEnd(':');
            if (words[1].Contains('=', StringComparison.Ordinal))
            {
                names.AddRange(words.Skip(1).Where(word => word.Contains('=', StringComparison.Ordinal)).Select(word => $"{key}.{word[..word.IndexOf('=', StringComparison.Ordinal)]}"));
            }
            else if (IsSlab(words))
            {
                names.AddRange(SlabColumns.Concat(SlabDataColumns).Select(column => $"{key}.{column}"));
            }
            else
            {
                names.Add(key);
            }
        }

        return names;
    }

    private static string? FindInLine(string line, string field)
    {
        string[] words = line.Split(Blanks, StringSplitOptions.RemoveEmptyEntries);
        if (words.Length < 2)
        {
            return null;
        }

        string key = words[0].TrimEnd(':');
        if (string.Equals(key, field, StringComparison.Ordinal))
        {
            return words[1].Contains('=', StringComparison.Ordinal) || IsSlab(words) ? null : words[1];
        }

        if (!field.StartsWith(key + ".", StringComparison.Ordinal))
        {
            return null;
        }

        string column = field[(key.Length + 1)..];
        return IsSlab(words) ? FindSlab(words, column) : FindAssigned(words, column);
    }

    private static bool IsSlab(string[] words) => words.Length > 6 && Array.IndexOf(words, "slabdata") > 0;

    private static string? FindSlab(string[] words, string column)
    {
        int slabData = Array.IndexOf(words, "slabdata");
        int tunables = Array.IndexOf(words, "tunables");
        return At(words, 1, SlabColumns, column)
            ?? At(words, slabData + 1, SlabDataColumns, column)
            ?? (tunables > 0 ? At(words, tunables + 1, SlabTunables, column) : null);
    }

    private static string? At(string[] words, int first, string[] columns, string column)
    {
        int index = Array.IndexOf(columns, column);
        return index >= 0 && first + index < words.Length ? words[first + index] : null;
    }

    private static string? FindAssigned(string[] words, string column)
    {
        foreach (string word in words.AsSpan(1))
        {
            if (word.StartsWith(column, StringComparison.Ordinal) && word.Length > column.Length && word[column.Length] == '=')
            {
                return word[(column.Length + 1)..];
            }
        }

        return null;
    }

    /// <summary>A number as kernel files show them; null when the text is not one.</summary>
    public static decimal? Number(string text) =>
        decimal.TryParse(text.Trim(), NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out decimal value) ? value : null;
}
