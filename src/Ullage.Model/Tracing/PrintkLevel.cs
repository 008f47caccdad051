namespace Ullage.Model.Tracing;

/// <summary>Levels of kernel log records.</summary>
internal static class PrintkLevel
{
    /// <summary>KERN_EMERG.</summary>
    public const int Emergency = 0;

    /// <summary>KERN_ERR.</summary>
    public const int Error = 3;

    /// <summary>KERN_WARNING; also what records without a level get.</summary>
    public const int Warning = 4;

    /// <summary>KERN_INFO.</summary>
    public const int Info = 6;
}
