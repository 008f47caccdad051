using System.Globalization;
using Ullage.Cli.Terminal;
using Ullage.Observe.Fields;
using Ullage.Observe.Readings;
using Ullage.Observe.Sampling;

namespace Ullage.Cli.Top;

/// <summary>A column of <c>top</c>: what it shows and sorts by.</summary>
/// <param name="Title">In capitals.</param>
/// <param name="Width">With the blank in front.</param>
/// <param name="MinScreen">Shown from this many columns of the terminal on.</param>
/// <param name="Key">The number to sort by, largest first; null sorts last.</param>
/// <param name="Text">The cell.</param>
/// <param name="Help">For the help screen.</param>
internal sealed record TopColumn(string Title, int Width, int MinScreen, Func<Reading, int, double?> Key, Func<Reading, int, string> Text, string Help)
{
    private const int Always = 0;
    private const int Wide = 96;
    private const int VeryWide = 110;

    /// <summary>The columns, left to right; the name of the cgroup comes behind them.</summary>
    public static IReadOnlyList<TopColumn> All { get; } =
    [
        Size("USAGE", Always, CgroupFields.Usage, "all that is charged, here and below"),
        new("LIMIT", 7, Always, (reading, row) => -(double?)reading.Now.Value(CgroupFields.Limit, row), (reading, row) => Limit(reading.Now, row), "its own limit; max = none"),
        new("ULLAGE", 7, Always, (reading, row) => -(double?)UllageReading.Of(reading.Now, row).Bytes, (reading, row) => Ullage(reading.Now, row),
            "left until the OOM killer comes, at the nearest bound; ? = unsure"),
        Size("ANON", Always, CgroupFields.Anon, "anonymous memory"),
        Size("FILE", Always, CgroupFields.File, "page cache, with tmpfs"),
        Size("KERNEL", Always, CgroupFields.Kernel, "kernel memory"),
        new("SLAB", 7, Always, (reading, row) => reading.Now.Value(CgroupFields.Slab, row) ?? reading.Now.Value(CgroupFields.Kernel, row),
            (reading, row) => Bytes(reading.Now.Value(CgroupFields.Slab, row)), "slab, a part of KERNEL (v2 only)"),
        new("PSI", 6, Always, (reading, row) => reading.Now.Value(CgroupFields.PressureSomeAvg10, row), (reading, row) => Percent(reading.Now.Value(CgroupFields.PressureSomeAvg10, row)),
            "% of the last 10 s in which a task waited for memory (v2 only)"),
        new("DYING", 6, Always, (reading, row) => reading.Now.Value(CgroupFields.DyingDescendants, row), (reading, row) => Number(reading.Now.Value(CgroupFields.DyingDescendants, row)),
            "removed cgroups below that still hold memory (v2 only)"),
        Size("SWAP", Wide, CgroupFields.Swap, "swap in use"),
        Size("DIRTY", Wide, CgroupFields.FileDirty, "page cache that must be written before it can go"),
        new("HITS/S", 8, VeryWide, (reading, row) => Hits(reading, row), (reading, row) => Rate(Hits(reading, row)), "how often its limit was met, per second"),
    ];

    /// <summary>The columns that a terminal of this width has room for.</summary>
    public static IEnumerable<TopColumn> For(int width) => All.Where(column => column.MinScreen <= width);

    /// <summary>The place of a column in <see cref="All"/>.</summary>
    public static int IndexOf(string title)
    {
        for (int i = 0; i < All.Count; i++)
        {
            if (All[i].Title == title)
            {
                return i;
            }
        }
        throw new ArgumentOutOfRangeException(nameof(title), title, "no such column");
    }

    public static string Bytes(long? bytes) => bytes is long known ? Amounts.Size(known) : "-";

    public static string Rate(double? rate) => rate switch
    {
        null => "-",
        0 => "0",
        < 10 => rate.Value.ToString("0.0", CultureInfo.InvariantCulture),
        < 100_000 => rate.Value.ToString("0", CultureInfo.InvariantCulture),
        _ => (rate.Value / 1e3).ToString("0", CultureInfo.InvariantCulture) + "k",
    };

    public static string Percent(long? centi) => centi is long known ? (known / 100.0).ToString(known >= 9995 ? "0" : "0.0", CultureInfo.InvariantCulture) : "-";

    private static TopColumn Size(string title, int minScreen, Field field, string help) =>
        new(title, 7, minScreen, (reading, row) => reading.Now.Value(field, row), (reading, row) => Bytes(reading.Now.Value(field, row)), help);

    private static double? Hits(Reading reading, int row) => reading.Rate(reading.Now.Version == 1 ? CgroupFields.Failcnt : CgroupFields.EventsMax, row);

    private static string Limit(Sample sample, int row) => sample.Value(CgroupFields.Limit, row) switch
    {
        null => "-",
        Sample.Unlimited => "max",
        long bytes => Amounts.Size(bytes),
    };

    private static string Ullage(Sample sample, int row)
    {
        UllageReading ullage = UllageReading.Of(sample, row);
        string text = Bytes(ullage.Bytes);
        return ullage.IsWhole || text.Length > 5 ? text : text + "?";
    }

    private static string Number(long? value) => value?.ToString(CultureInfo.InvariantCulture) ?? "-";
}
