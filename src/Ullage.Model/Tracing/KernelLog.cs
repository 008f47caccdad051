using Ullage.Abi;

namespace Ullage.Model.Tracing;

/// <summary>One record of the kernel log.</summary>
/// <param name="TimeNs">Nanoseconds since boot.</param>
/// <param name="Level">Syslog level: 3 error, 4 warning, 6 info.</param>
/// <param name="Text">The text; may hold newlines where the kernel prints several lines with one call.</param>
public readonly record struct KernelLogRecord(long TimeNs, int Level, string Text);

/// <summary>
/// The kernel log: a ring of so many bytes, from which the oldest records go first. Times never go back, although the call of one CPU may
/// be further ahead than another's when it prints.
/// </summary>
[Kernel("printk", "kernel/printk/printk.c", Deviation = "Only text counts against the size of the ring, and room is made for a sixteenth of it at a time.")]
public sealed class KernelLog
{
    private readonly Machine _machine;
    private readonly List<KernelLogRecord> _records = [];
    private long _bytes;
    private long _lastNs;

    internal KernelLog(Machine machine) => _machine = machine;

    /// <summary>The records that the ring still holds, oldest first.</summary>
    public IReadOnlyList<KernelLogRecord> Records => _records;

    /// <summary>Records that were overwritten before: the sequence number of the first of <see cref="Records"/>.</summary>
    public long Lost { get; private set; }

    internal void Write(int level, string text)
    {
        if (_machine.Probes.Any)
        {
            _machine.Probes.Hit(KernelFunction.Printk);
        }
        _lastNs = Math.Max(_lastNs, _machine.TimeNs);
        _records.Add(new KernelLogRecord(_lastNs, level, text));
        _bytes += text.Length;
        if (_bytes > _machine.Options.LogBufferBytes)
        {
            MakeRoom();
        }
    }

    private void MakeRoom()
    {
        long target = _machine.Options.LogBufferBytes - (_machine.Options.LogBufferBytes / 16);
        int gone = 0;
        while (_bytes > target && gone < _records.Count - 1)
        {
            _bytes -= _records[gone].Text.Length;
            gone++;
        }
        _records.RemoveRange(0, gone);
        Lost += gone;
    }
}
