using System.Globalization;

namespace Ullage.Lab.Scenarios.Reading;

/// <summary>Lists of NUMA nodes, as the kernel writes them: <c>1</c>, <c>0-1,3</c>.</summary>
internal static class NodeLists
{
    private const int Most = 64;

    /// <summary>The nodes of a key in ascending order; none when it is absent or wrong.</summary>
    public static IReadOnlyList<int> Read(MapReader map, string key)
    {
        const string what = "a list of NUMA nodes, such as 0-1";
        if (map.Text(key, what) is not string text)
        {
            return [];
        }

        SortedSet<int> nodes = [];
        foreach (string part in text.Split(','))
        {
            string[] ends = part.Trim().Split('-');
            if (ends.Length > 2 || !TryNumber(ends[0], out int first) || !TryNumber(ends[^1], out int last) || first > last)
            {
                map.Tell(key, $"expected {what}, found {Quote.Text(text)}: numbers go from 0 to {Most - 1}, with '-' for ranges and ',' between");
                return [];
            }

            nodes.UnionWith(Enumerable.Range(first, last - first + 1));
        }

        return [.. nodes];
    }

    private static bool TryNumber(string text, out int number) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number) && number < Most;
}
