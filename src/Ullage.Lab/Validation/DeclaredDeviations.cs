using System.Reflection;
using Ullage.Abi;

namespace Ullage.Lab.Validation;

/// <summary>Collects the deviations that <see cref="KernelAttribute"/> declares, by reflection.</summary>
public static class DeclaredDeviations
{
    /// <summary>All deviations of the model, by kernel symbol.</summary>
    public static IReadOnlyList<(string Member, string Symbol, string Deviation)> OfModel()
    {
        List<(string Member, string Symbol, string Deviation)> found = [];
        foreach (Type type in typeof(Model.Machine).Assembly.GetTypes())
        {
            Add(found, type, type.Name);
            foreach (MemberInfo member in type.GetMembers(BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly))
            {
                if (member is not TypeInfo)
                {
                    Add(found, member, type.Name + "." + member.Name);
                }
            }
        }
        return [.. found.OrderBy(entry => entry.Symbol, StringComparer.Ordinal).ThenBy(entry => entry.Member, StringComparer.Ordinal)];
    }

    private static void Add(List<(string, string, string)> found, MemberInfo member, string name)
    {
        if (member.GetCustomAttribute<KernelAttribute>() is { Deviation: { } deviation } kernel)
        {
            found.Add((name, kernel.Symbol, deviation));
        }
    }
}
