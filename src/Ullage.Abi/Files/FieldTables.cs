using Field = System.Collections.Generic.KeyValuePair<string, string>;

namespace Ullage.Abi.Files;

/// <summary>Names and values of everything in a file, for <see cref="KernelFields"/>. The first of equal names counts.</summary>
internal static class FieldTables
{
    public static IEnumerable<Field> FlatKeyed(FlatKeyed file) => file.Entries.Select(entry => Named(entry.Key, entry.Value));

    public static IEnumerable<Field> SingleValue(SingleValue file) => [new("value", file.Format().TrimEnd('\n'))];

    public static IEnumerable<Field> MemInfo(MemInfo file) => file.Entries.Select(entry => Named(entry.Name, entry.Number.Value));

    public static IEnumerable<Field> ProcCgroups(ProcCgroups file) => file.Rows.SelectMany(row => new[]
    {
        Named(row.Name + ".num_cgroups", (ulong)row.NumCgroups),
        Named(row.Name + ".hierarchy", (ulong)row.Hierarchy),
        Named(row.Name + ".enabled", row.Enabled ? 1UL : 0UL),
    });

    public static IEnumerable<Field> TaskCgroups(TaskCgroups file) => file.Rows.SelectMany(row =>
        row.IsUnified ? [new Field("unified", row.Path)] : row.Controllers.Split(',').Select(controller => new Field(controller, row.Path)));

    public static IEnumerable<Field> Pressure(PressureFile file) => [.. Pressure("some", file.Some), .. Pressure("full", file.Full)];

    public static IEnumerable<Field> ProcStatus(ProcStatus file) => file.Lines.Select(line =>
        new Field(line.Name, line.Value?.ToString(CultureInfo.InvariantCulture) ?? line.Text.Trim()));

    public static IEnumerable<Field> Statm(Statm file) =>
    [
        Named("size", (ulong)file.Size), Named("resident", (ulong)file.Resident), Named("shared", (ulong)file.Shared),
        Named("text", (ulong)file.Text), Named("lib", (ulong)file.Lib), Named("data", (ulong)file.Data), Named("dt", (ulong)file.Dirty),
    ];

    public static IEnumerable<Field> MountInfo(MountInfo file) => file.Entries.Reverse().SelectMany(mount => new Field[]
    {
        new(mount.MountPoint + ".fstype", mount.FileSystem),
        new(mount.MountPoint + ".source", mount.Source),
        new(mount.MountPoint + ".root", mount.Root),
        new(mount.MountPoint + ".options", mount.Options),
        new(mount.MountPoint + ".super", mount.SuperOptions),
    });

    public static IEnumerable<Field> NumaStat(NumaStat file)
    {
        foreach (NumaStatRow row in (IEnumerable<NumaStatRow>)file.Rows)
        {
            if (row.Total is ulong total)
                yield return Named(row.Name, total);
            foreach (NumaValue node in (IEnumerable<NumaValue>)row.Nodes)
                yield return Named(string.Create(CultureInfo.InvariantCulture, $"{row.Name}.N{node.Node}"), node.Value);
        }
    }

    public static IEnumerable<Field> SlabInfo(SlabInfo file) => file.Rows.SelectMany(row => new[]
    {
        Named(row.Name + ".active_objs", (ulong)row.ActiveObjs),
        Named(row.Name + ".num_objs", (ulong)row.NumObjs),
        Named(row.Name + ".objsize", (ulong)row.ObjSize),
        Named(row.Name + ".objperslab", (ulong)row.ObjsPerSlab),
        Named(row.Name + ".pagesperslab", (ulong)row.PagesPerSlab),
        Named(row.Name + ".limit", (ulong)row.Limit),
        Named(row.Name + ".batchcount", (ulong)row.BatchCount),
        Named(row.Name + ".sharedfactor", (ulong)row.SharedFactor),
        Named(row.Name + ".active_slabs", (ulong)row.ActiveSlabs),
        Named(row.Name + ".num_slabs", (ulong)row.NumSlabs),
        Named(row.Name + ".sharedavail", (ulong)row.SharedAvail),
    });

    public static IEnumerable<Field> PidList(PidList file) => [Named("count", (ulong)file.Pids.Count)];

    public static IEnumerable<Field> Swaps(SwapsFile file) => file.Areas.SelectMany(area => new Field[]
    {
        Named(area.Path + ".size", area.SizeKb),
        Named(area.Path + ".used", area.UsedKb),
        new(area.Path + ".priority", area.Priority.ToString(CultureInfo.InvariantCulture)),
        new(area.Path + ".type", area.IsPartition ? "partition" : "file"),
    });

    public static IEnumerable<Field> BuddyInfo(BuddyInfo file) => file.Rows.SelectMany(row => Enumerable.Range(0, row.FreeBlocks.Count).Select(order =>
        Named(string.Create(CultureInfo.InvariantCulture, $"{row.Node}.{row.Zone}.order{order}"), row.FreeBlocks[order].Value)));

    public static IEnumerable<Field> ZoneInfo(ZoneInfo file) => file.Zones.SelectMany(zone => zone.Lines.Where(line => line.Value is not null).Select(line =>
        Named(string.Create(CultureInfo.InvariantCulture, $"{zone.Node}.{zone.Zone}.{line.Name}"), line.Value!.Value)));

    private static Field[] Pressure(string name, PressureLine? line) => line is null ? [] :
    [
        new(name + ".avg10", PressureFile.Percent(line.Avg10)),
        new(name + ".avg60", PressureFile.Percent(line.Avg60)),
        new(name + ".avg300", PressureFile.Percent(line.Avg300)),
        Named(name + ".total", line.TotalUs),
    ];

    private static Field Named(string name, ulong value) => new(name, value.ToString(CultureInfo.InvariantCulture));
}
