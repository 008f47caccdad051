using System.Collections.Immutable;

namespace Ullage.Model.Eras;

/// <summary>The nine eras, oldest first.</summary>
public static class KernelEras
{
    /// <summary>All eras, oldest first.</summary>
    public static ImmutableArray<KernelEra> All { get; } =
    [
        EraV4_1.Era, EraV4_15.Era, EraV4_19.Era, EraV5_3.Era, EraV5_4.Era, EraV5_10.Era, EraV6_1.Era, EraV6_12.Era, EraV6_18.Era,
    ];

    /// <summary>The newest era, the default.</summary>
    public static KernelEra Newest => All[^1];

    /// <summary>The era with this name (<c>4.15</c>, also <c>v4.15</c>), or null.</summary>
    public static KernelEra? Find(string name)
    {
        ReadOnlySpan<char> bare = name.StartsWith('v') ? name.AsSpan(1) : name;
        foreach (KernelEra era in All)
        {
            if (bare.SequenceEqual(era.Name))
            {
                return era;
            }
        }
        return null;
    }
}
