namespace Ullage.Observe.Sampling;

/// <summary>A figure, or the reason why there is none. Never a silent zero.</summary>
/// <param name="Value">The figure; null when the kernel did not give it.</param>
/// <param name="Why">Without a value: the file and errno, or what this kernel does not have.</param>
[System.Runtime.InteropServices.StructLayout(System.Runtime.InteropServices.LayoutKind.Auto)]
public readonly record struct Measured(long? Value, string? Why)
{
    /// <summary>A figure that is there.</summary>
    public static Measured Of(long value) => new(value, null);

    /// <summary>A figure that is not there.</summary>
    public static Measured Missing(string why) => new(null, why);
}
