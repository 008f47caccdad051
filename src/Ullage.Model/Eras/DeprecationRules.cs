namespace Ullage.Model.Eras;

/// <summary>What the kernel log says, once, about writes to v1 files that are to go (§2.7, §2.12 to §2.14); null = nothing.</summary>
public sealed record DeprecationRules
{
    private const string Report = "Please report your usecase to linux-mm@kvack.org if you depend on this functionality.";
    private const string ReportMistyped = "Please report your usecase to linux-mm-@kvack.org if you depend on this functionality. ";

    /// <summary>memory.kmem.limit_in_bytes.</summary>
    public string? KmemLimit { get; init; }
    /// <summary>memory.move_charge_at_immigrate.</summary>
    public string? MoveCharge { get; init; }
    /// <summary>memory.use_hierarchy, when it is to be switched off.</summary>
    public string? FlatHierarchy { get; init; }
    /// <summary>memory.kmem.tcp.limit_in_bytes.</summary>
    public string? TcpLimit { get; init; }
    /// <summary>memory.soft_limit_in_bytes.</summary>
    public string? SoftLimit { get; init; }
    /// <summary>memory.oom_control, also to be notified of it.</summary>
    public string? OomControl { get; init; }
    /// <summary>memory.pressure_level, to be notified of it.</summary>
    public string? PressureLevel { get; init; }

    internal static readonly DeprecationRules V5_4 = new() { KmemLimit = "kmem.limit_in_bytes is deprecated and will be removed. " + Report };

    /// <summary>Stable 5.10 warns of charge moving (measured).</summary>
    internal static readonly DeprecationRules V5_10 = V5_4 with { MoveCharge = "Cgroup memory moving (move_charge_at_immigrate) is deprecated. " + Report };

    internal static readonly DeprecationRules V6_1 = V5_10 with
    {
        KmemLimit = "kmem.limit_in_bytes is deprecated and will be removed. Writing any value to this file has no effect. " + Report,
        FlatHierarchy = "Non-hierarchical mode is deprecated. " + Report,
    };

    internal static readonly DeprecationRules V6_12 = V6_1 with
    {
        TcpLimit = "kmem.tcp.limit_in_bytes is deprecated and will be removed. " + Report,
        SoftLimit = "soft_limit_in_bytes is deprecated and will be removed. " + Report,
        OomControl = "oom_control is deprecated and will be removed. " + ReportMistyped,
        PressureLevel = "pressure_level is deprecated and will be removed. " + ReportMistyped,
    };
}
