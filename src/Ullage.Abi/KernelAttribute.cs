namespace Ullage.Abi;

/// <summary>
/// Ties a type or member to the kernel symbol it models, so that a search for either spelling finds the other.
/// </summary>
/// <param name="symbol">The kernel's own name, as a kernel developer would grep for it.</param>
/// <param name="file">The kernel source file that defines it, such as <c>mm/memcontrol.c</c>.</param>
[AttributeUsage(AttributeTargets.All, Inherited = false)]
public sealed class KernelAttribute(string symbol, string file) : Attribute
{
    /// <summary>The kernel's own name.</summary>
    public string Symbol { get; } = symbol;

    /// <summary>The kernel source file that defines it.</summary>
    public string File { get; } = file;

    /// <summary>One sentence where the model knowingly differs from the kernel; null where it does not.</summary>
    public string? Deviation { get; init; }
}
