using System.Globalization;
using System.Reflection;
using System.Text;
using Ullage.Model.Eras;

namespace Ullage.Lab.Validation;

/// <summary>Writes <c>docs/eras.md</c>: every value in which the modelled eras differ, straight from their records.</summary>
public static class EraTable
{
    private const string Introduction =
        """
        # Eras: what differs between the modelled kernels

        Written by `./ullage validate`; do not edit. A row per value of the model that is not the same in all eras; bold where an era
        changed it. What a name means stands in `src/Ullage.Model/Eras/KernelEra.cs`, why it changed in the era's file beside it.


        """;

    /// <summary>The page.</summary>
    public static string Write()
    {
        StringBuilder page = new(Introduction);
        foreach (PropertyInfo group in typeof(KernelEra).GetProperties().Where(IsGroup))
        {
            AppendGroup(page, group);
        }
        AppendLists(page);
        return page.ToString();
    }

    private static bool IsGroup(PropertyInfo property) =>
        property.PropertyType.Namespace == typeof(KernelEra).Namespace && property.PropertyType.IsClass && property.PropertyType != typeof(KernelEra);

    private static void AppendGroup(StringBuilder page, PropertyInfo group)
    {
        List<(string Name, string[] Values)> rows = [];
        foreach (PropertyInfo property in group.PropertyType.GetProperties().Where(IsScalar))
        {
            string[] values = [.. KernelEras.All.Select(era => Text(property.GetValue(group.GetValue(era))))];
            if (values.Distinct().Skip(1).Any() && values.All(value => value.Length <= 48)) // report templates are too long for a table
            {
                rows.Add((property.Name, values));
            }
        }
        if (rows.Count == 0)
        {
            return;
        }
        page.Append(CultureInfo.InvariantCulture, $"## {group.Name}\n\n| | {string.Join(" | ", KernelEras.All)} |\n|{string.Concat(Enumerable.Repeat(" --- |", KernelEras.All.Length + 1))}\n");
        foreach ((string name, string[] values) in rows)
        {
            page.Append(CultureInfo.InvariantCulture, $"| {name} | {string.Join(" | ", values.Select((value, i) => i > 0 && values[i - 1] != value ? $"**{value}**" : value))} |\n");
        }
        page.Append('\n');
    }

    private static bool IsScalar(PropertyInfo property) =>
        property.GetIndexParameters().Length == 0
        && (property.PropertyType.IsEnum || property.PropertyType == typeof(int) || property.PropertyType == typeof(uint)
            || property.PropertyType == typeof(bool) || property.PropertyType == typeof(string));

    private static string Text(object? value) => value switch
    {
        true => "yes",
        false => "no",
        uint flags => "0x" + flags.ToString("x", CultureInfo.InvariantCulture),
        _ => Convert.ToString(value, CultureInfo.InvariantCulture) ?? "",
    };

    /// <summary>What each era added to and took from its lists of files and fields.</summary>
    private static void AppendLists(StringBuilder page)
    {
        page.Append("## Files and fields that came and went\n\n");
        foreach (PropertyInfo group in typeof(KernelEra).GetProperties().Where(IsGroup))
        {
            foreach (PropertyInfo list in group.PropertyType.GetProperties().Where(property => typeof(IEnumerable<string>).IsAssignableFrom(property.PropertyType) && property.PropertyType != typeof(string)))
            {
                AppendList(page, group, list);
            }
        }
    }

    private static void AppendList(StringBuilder page, PropertyInfo group, PropertyInfo list)
    {
        string[] before = [];
        StringBuilder changes = new();
        foreach (KernelEra era in KernelEras.All)
        {
            string[] now = [.. (IEnumerable<string>)list.GetValue(group.GetValue(era))!];
            string[] added = [.. now.Except(before)];
            string[] removed = [.. before.Except(now)];
            if (era != KernelEras.All[0] && added.Length + removed.Length > 0)
            {
                changes.Append(CultureInfo.InvariantCulture, $"- **{era}**: {string.Join(", ", added.Select(name => $"+ `{name}`").Concat(removed.Select(name => $"- `{name}`")))}\n");
            }
            before = now;
        }
        if (changes.Length > 0)
        {
            page.Append(CultureInfo.InvariantCulture, $"### {group.Name}.{list.Name}\n\n{changes}\n");
        }
    }
}
