using System.Globalization;
using Ullage.Model;

namespace Ullage.Bench;

/// <summary>Checks that a benchmark does what its name says: a read that was to miss, and hit, would only look fast.</summary>
internal static class BenchCounts
{
    /// <summary>A counter in a file of "name value" lines; 0 when it has no such line.</summary>
    public static long Of(Machine machine, string path, string name)
    {
        foreach (string line in (machine.Files.Read(path).Text ?? "").Split('\n'))
        {
            if (line.StartsWith(name, StringComparison.Ordinal) && line.Length > name.Length && line[name.Length] == ' ')
            {
                return long.Parse(line.AsSpan(name.Length + 1), CultureInfo.InvariantCulture);
            }
        }
        return 0;
    }

    /// <summary>Throws unless a count is at least nine tenths of what it should be.</summary>
    public static void Require(long count, long expected, string what)
    {
        if (count < expected - (expected / 10))
        {
            throw new InvalidOperationException($"{what}: {count} of {expected}: the benchmark does not measure what it says");
        }
    }
}
