using System.Collections.Concurrent;

namespace Ullage.Abi.Text;

/// <summary>
/// Shares the strings of field names: a sampler reads the same sixty names from a thousand cgroups every second.
/// Bounded: a file of random names makes it begin anew.
/// </summary>
internal static class NamePool
{
    private const int MaxNames = 4096;
    private const int MaxLength = 64;
    private static readonly ConcurrentDictionary<string, string> Names = new(StringComparer.Ordinal);
    private static readonly ConcurrentDictionary<string, string>.AlternateLookup<ReadOnlySpan<char>> Lookup =
        Names.GetAlternateLookup<ReadOnlySpan<char>>();

    public static string Get(ReadOnlySpan<char> name)
    {
        if (Lookup.TryGetValue(name, out string? known))
            return known;
        string made = name.ToString();
        if (made.Length > MaxLength)
            return made;
        if (Names.Count >= MaxNames)
            Names.Clear(); // the names in use come back with the next reading
        return Names.GetOrAdd(made, made);
    }
}
