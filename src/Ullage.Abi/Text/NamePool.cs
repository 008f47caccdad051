using System.Collections.Concurrent;

namespace Ullage.Abi.Text;

/// <summary>
/// Shares the strings of field names: a sampler reads the same sixty names from a thousand cgroups every second.
/// Bounded, so that a file of random names costs memory once at most.
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
        if (made.Length <= MaxLength && Names.Count < MaxNames)
            Names.TryAdd(made, made);
        return made;
    }
}
