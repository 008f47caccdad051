using Ullage.Abi;
using Ullage.Abi.Units;
using Ullage.Model.Pages;

namespace Ullage.Model.Files;

/// <summary>The disk below files and swap.</summary>
public sealed record DiskOptions
{
    /// <summary>Time until a read begins to deliver, in nanoseconds, 0 or more.</summary>
    public long ReadLatencyNs { get; init; } = 100_000;
    /// <summary>Time until a write is taken, in nanoseconds, 0 or more.</summary>
    public long WriteLatencyNs { get; init; } = 100_000;
    /// <summary>Bytes per second, reads and writes together; at least 1.</summary>
    public long BytesPerSecond { get; init; } = 500L << 20;
    /// <summary>Readahead window (read_ahead_kb) in bytes; below a page = none.</summary>
    public long ReadaheadBytes { get; init; } = 128 << 10;
}

/// <summary>Tells when requests end: one after another at the disk's bandwidth, each with its latency on top.</summary>
[Kernel("submit_bio", "block/blk-core.c", Deviation = "No queue limits, no scheduler: requests are served in their order.")]
internal sealed class Disk(Machine machine)
{
    private const int KbPerPage = KernelConstants.PageSize / 1024;
    private const long BytesTimesNs = KernelConstants.PageSize * 1_000_000_000L; // of one page; requests are far from 2 million pages
    private readonly DiskOptions _options = machine.Options.Disk;
    private long _freeNs;

    /// <summary>When a read of so many pages, asked for now, is done. Counts it.</summary>
    public long ReadDoneAt(int pages)
    {
        machine.Vm.Add(VmItem.PgPgIn, pages * KbPerPage);
        return Transfer(pages) + _options.ReadLatencyNs;
    }

    /// <summary>When a write of so many pages, asked for now, is done. Counts it.</summary>
    public long WriteDoneAt(int pages)
    {
        machine.Vm.Add(VmItem.PgPgOut, pages * KbPerPage);
        return Transfer(pages) + _options.WriteLatencyNs;
    }

    /// <summary>Pages that it writes in a second.</summary>
    public long WritePagesPerSecond => Math.Max(1, _options.BytesPerSecond / KernelConstants.PageSize);

    private long Transfer(int pages) => _freeNs = Math.Max(machine.TimeNs, _freeNs) + (pages * BytesTimesNs / _options.BytesPerSecond);
}
