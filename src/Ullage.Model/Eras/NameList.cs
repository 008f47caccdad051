namespace Ullage.Model.Eras;

/// <summary>Ordered lists of names, written as one line of text and changed as an era changed them.</summary>
internal static class NameList
{
    public static IReadOnlyList<string> Of(string names) => names.Split(' ', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>The list with more names behind <paramref name="anchor"/>.</summary>
    public static IReadOnlyList<string> After(this IReadOnlyList<string> list, string anchor, string names)
    {
        List<string> changed = [.. list];
        int at = changed.IndexOf(anchor);
        Invariant.Holds(at >= 0);
        changed.InsertRange(at + 1, Of(names));
        return changed;
    }

    /// <summary>The list with more names at its end.</summary>
    public static IReadOnlyList<string> And(this IReadOnlyList<string> list, string names) => [.. list, .. Of(names)];

    /// <summary>The list without some names, each of which must be there.</summary>
    public static IReadOnlyList<string> Without(this IReadOnlyList<string> list, string names)
    {
        List<string> changed = [.. list];
        foreach (string name in Of(names))
        {
            Invariant.Holds(changed.Remove(name));
        }
        return changed;
    }

    public static bool Has(this IReadOnlyList<string> list, string name)
    {
        foreach (string each in list)
        {
            if (each == name)
            {
                return true;
            }
        }
        return false;
    }
}
