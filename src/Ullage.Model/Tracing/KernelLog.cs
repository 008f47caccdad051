using Ullage.Abi;

namespace Ullage.Model.Tracing;

/// <summary>One record of the kernel log.</summary>
/// <param name="TimeNs">Nanoseconds since boot.</param>
/// <param name="Level">Syslog level: 3 error, 4 warning, 6 info.</param>
/// <param name="Text">The text; may hold newlines where the kernel prints several lines with one call.</param>
public readonly record struct KernelLogRecord(long TimeNs, int Level, string Text);

/// <summary>The kernel log.</summary>
[Kernel("printk", "kernel/printk/printk.c", Deviation = "Nothing is lost: the ring has no end.")]
public sealed class KernelLog
{
    private readonly Machine _machine;
    private readonly List<KernelLogRecord> _records = [];

    internal KernelLog(Machine machine) => _machine = machine;

    /// <summary>All records since boot, oldest first.</summary>
    public IReadOnlyList<KernelLogRecord> Records => _records;

    internal void Write(int level, string text) => _records.Add(new KernelLogRecord(_machine.TimeNs, level, text));
}
