using System.Globalization;
using Ullage.Lab.Results;

namespace Ullage.Lab.Targets;

/// <summary>Lines of the kernel log that a result keeps: the newest, at most so many, because a kernel that cannot help itself may print for ever.</summary>
internal sealed class KeptLog(int most = KeptLog.Most)
{
    /// <summary>Lines that are kept.</summary>
    public const int Most = 200_000;

    private readonly List<DmesgLine> _lines = [];
    private long _lost;

    /// <summary>The lines, oldest first.</summary>
    public IReadOnlyList<DmesgLine> Lines => _lines;

    /// <summary>What to tell about lines that are not there; null = all are.</summary>
    public string? Note => _lost == 0 ? null : string.Create(CultureInfo.InvariantCulture,
        $"the kernel log had {_lost} more lines before the first one kept here: a result keeps the last {most}");

    public void Add(DmesgLine line)
    {
        if (_lines.Count == most)
        {
            int gone = Math.Max(1, most / 10);
            _lines.RemoveRange(0, gone);
            _lost += gone;
        }
        _lines.Add(line);
    }

    /// <summary>Records were overwritten in the kernel's own ring before they could be read.</summary>
    public void Lose(long records) => _lost += records;
}
