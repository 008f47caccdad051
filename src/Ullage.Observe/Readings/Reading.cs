using Ullage.Observe.Fields;
using Ullage.Observe.Sampling;

namespace Ullage.Observe.Readings;

/// <summary>
/// A sample and what changed since the one before. Differences are between samples of the same cgroup (<see cref="CgroupEntry.Id"/>): a cgroup that was made
/// anew under an old name begins anew. Filled again and again; then it allocates nothing.
/// </summary>
public sealed class Reading
{
    private const double NsPerSecond = 1e9;
    private readonly Dictionary<ulong, int> _rowsBefore = [];
    private int[] _before = new int[16];

    /// <summary>The sample; empty before the first.</summary>
    public Sample Now { get; private set; } = new();

    /// <summary>The one before; empty at the first.</summary>
    public Sample Before { get; private set; } = new();

    /// <summary>True when there is one before.</summary>
    public bool HasBefore { get; private set; }

    /// <summary>Seconds between the two; 0 at the first.</summary>
    public double Seconds { get; private set; }

    /// <summary>Takes the next sample of a source. False at its end, and then nothing changes.</summary>
    public bool Advance(ISampleSource source, out string end)
    {
        if (!source.Next(Before, out end))
        {
            return false;
        }
        (Now, Before) = (Before, Now);
        HasBefore = Before.Version == Now.Version && Before.TimeNs < Now.TimeNs && Before.At != default;
        Seconds = HasBefore ? (Now.TimeNs - Before.TimeNs) / NsPerSecond : 0;
        Match();
        return true;
    }

    /// <summary>The row that the same cgroup had in the sample before; -1 when it was not there.</summary>
    public int RowBefore(int row) => HasBefore ? _before[row] : -1;

    /// <summary>How much a counter grew, a gauge changed; null when it cannot be told: a new cgroup, no value, or a counter that somebody reset.</summary>
    public long? Change(Field field, int row)
    {
        int before = RowBefore(row);
        if (before < 0 || !Now.TryGet(field, row, out long now) || !Before.TryGet(field, before, out long then))
        {
            return null;
        }
        return Counted(field, now - then);
    }

    /// <summary>The same per second.</summary>
    public double? Rate(Field field, int row) => Change(field, row) / Seconds;

    /// <summary>How much a figure of the machine grew; null when it cannot be told.</summary>
    public long? HostChange(Field field) =>
        HasBefore && Now.TryGetHost(field, out long now) && Before.TryGetHost(field, out long then) ? Counted(field, now - then) : null;

    /// <summary>The same per second.</summary>
    public double? HostRate(Field field) => HostChange(field) / Seconds;

    private static long? Counted(Field field, long change) => change < 0 && field.Kind == FieldKind.Counter ? null : change;

    private void Match()
    {
        if (_before.Length < Now.Count)
        {
            _before = new int[Math.Max(Now.Count, _before.Length * 2)];
        }
        if (!HasBefore)
        {
            return;
        }
        int same = 0;
        while (same < Now.Count && same < Before.Count && Now[same].Id == Before[same].Id)
        {
            _before[same] = same;
            same++;
        }
        if (same == Now.Count)
        {
            return;
        }
        _rowsBefore.Clear();
        for (int row = same; row < Before.Count; row++)
        {
            _rowsBefore[Before[row].Id] = row;
        }
        for (int row = same; row < Now.Count; row++)
        {
            _before[row] = _rowsBefore.GetValueOrDefault(Now[row].Id, -1);
        }
    }
}
