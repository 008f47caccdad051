using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Ullage.Abi;
using Ullage.Abi.Files;
using DmesgLine = Ullage.Lab.Results.DmesgLine;

namespace Ullage.Lab.Targets.Host;

/// <summary>
/// The kernel log from the beginning of the run, as far as it is ours: OOM reports that name our cgroups or our processes, the reaper's lines about our
/// processes, SLUB's about our cgroups.
/// </summary>
internal sealed unsafe class HostKernelLog : IDisposable
{
    private readonly int _fd;
    private readonly byte[] _record = new byte[16 << 10];
    private List<DmesgLine>? _report;
    private bool _lost;

    internal HostKernelLog()
    {
        _fd = Native.Open("/dev/kmsg", Native.OpenNonBlock | Native.OpenCloseOnExec, 0);
        if (_fd < 0)
        {
            Errno errno = (Errno)Marshal.GetLastPInvokeError();
            Note = $"/dev/kmsg: {errno}: no kernel log in this result; run as root, or set kernel.dmesg_restrict=0";
            return;
        }
        _ = Native.Seek(_fd, 0, Native.SeekEnd);
    }

    /// <summary>
    /// True when <see cref="Killed"/> can be relied on: the log could be read, nothing was overwritten before we came, and its pids are those that we know
    /// (they are the first pid namespace's).
    /// </summary>
    internal bool NamesVictims => _fd >= 0 && !_lost && InFirstPidNamespace;

    /// <summary>Why there is no kernel log; null when there is one.</summary>
    internal string? Note { get; }

    /// <summary>Our lines so far, with scenario paths.</summary>
    internal List<DmesgLine> Lines { get; } = [];

    /// <summary>Pids that the log says the OOM killer killed.</summary>
    internal HashSet<int> Killed { get; } = [];

    /// <summary>Reads what is new. Answers the lines that are ours.</summary>
    internal IReadOnlyList<DmesgLine> Poll(HostPaths paths, Func<int, bool> isOurs, long startedNs)
    {
        List<DmesgLine> fresh = [];
        while (ReadRecord() is DmesgLine line)
        {
            Sort(line with { TNs = Math.Max(0, line.TNs - startedNs) }, paths, isOurs, fresh);
        }
        Lines.AddRange(fresh);
        return fresh;
    }

    /// <summary>The kernel gives the first pid namespace a number of its own.</summary>
    private static bool InFirstPidNamespace => new FileInfo("/proc/self/ns/pid").LinkTarget == "pid:[4026531836]";

    public void Dispose()
    {
        if (_fd >= 0)
        {
            _ = Native.Close(_fd);
        }
    }

    private void Sort(DmesgLine line, HostPaths paths, Func<int, bool> isOurs, List<DmesgLine> fresh)
    {
        if (line.Text.Contains("invoked oom-killer", StringComparison.Ordinal))
        {
            _report = [];
        }
        int? killed = PidAfter(line.Text, "Killed process ");
        bool own = line.Text.Contains(paths.SubtreePath, StringComparison.Ordinal) || (killed is int pid && isOurs(pid));
        if (killed is int victim && own)
        {
            Killed.Add(victim);
        }
        if (_report is not null)
        {
            _report.Add(line);
            if (killed is not null || line.Text.Contains("no killable processes", StringComparison.Ordinal))
            {
                if (own || _report.Exists(part => part.Text.Contains(paths.SubtreePath, StringComparison.Ordinal)))
                {
                    _report.ForEach(part => fresh.Add(part with { Text = paths.ToScenario(part.Text) }));
                }
                _report = null;
            }
            return;
        }
        if (own || (PidAfter(line.Text, "oom_reaper: reaped process ") is int reaped && isOurs(reaped)))
        {
            fresh.Add(line with { Text = paths.ToScenario(line.Text) });
        }
    }

    private static int? PidAfter(string text, string words)
    {
        int at = text.IndexOf(words, StringComparison.Ordinal);
        if (at < 0)
        {
            return null;
        }
        int end = at + words.Length;
        while (end < text.Length && char.IsAsciiDigit(text[end]))
        {
            end++;
        }
        return int.TryParse(text.AsSpan(at + words.Length, end - at - words.Length), NumberStyles.None, CultureInfo.InvariantCulture, out int pid) ? pid : null;
    }

    /// <summary>One record. Null when there is no more.</summary>
    private DmesgLine? ReadRecord()
    {
        while (_fd >= 0)
        {
            nint got;
            fixed (byte* at = _record)
            {
                got = Native.Read(_fd, at, _record.Length);
            }
            if (got > 0)
            {
                if (Parse(Encoding.UTF8.GetString(_record, 0, (int)got)) is DmesgLine line)
                {
                    return line;
                }
                continue;
            }
            // EPIPE: records were overwritten before we came; the next read goes on with the oldest that is left.
            Errno errno = (Errno)Marshal.GetLastPInvokeError();
            if (got == 0 || errno is not (Errno.EPIPE or Errno.EINTR))
            {
                return null;
            }
            _lost |= errno == Errno.EPIPE;
        }
        return null;
    }

    private static DmesgLine? Parse(string record) => KmsgRecord.TryParse(record, out KmsgRecord? parsed, out _)
        ? new DmesgLine((long)parsed.TimestampUs * 1000, parsed.Level, parsed.Text.TrimEnd('\n')) : null;
}
