using Ullage.Observe.Fields;

namespace Ullage.Observe.Sampling;

/// <summary>
/// What a kernel showed at one moment: a row for each cgroup, parents before children, and one for the machine. Columns are those of
/// <see cref="CgroupFields"/> and <see cref="HostFields"/>; what has no value has a reason. A sample is filled again and again and then allocates nothing;
/// whoever wants to keep one copies it.
/// </summary>
public sealed class Sample
{
    /// <summary>The value of a limit that is none.</summary>
    public const long Unlimited = long.MaxValue;

    private static readonly int Width = CgroupFields.List.Count;
    private readonly long[] _hostValues = new long[HostFields.List.Count];
    private readonly Absence[] _hostAbsences = new Absence[HostFields.List.Count];
    private CgroupEntry[] _entries = new CgroupEntry[16];
    private int[] _parents = new int[16];
    private long[] _values = new long[16 * Width];
    private Absence[] _absences = new Absence[16 * Width];

    /// <summary>1 or 2: the version of cgroups that the rows come from. 0 before the first filling, or when there is no memory controller.</summary>
    public int Version { get; private set; }
    /// <summary>Monotonic time in nanoseconds; differences only.</summary>
    public long TimeNs { get; private set; }
    /// <summary>When it was, as far as the source knows: the clock of the wall, the recording's, or one made from the model's.</summary>
    public DateTimeOffset At { get; private set; }
    /// <summary>How many cgroups.</summary>
    public int Count { get; private set; }

    /// <summary>The cgroup of a row.</summary>
    public CgroupEntry this[int row] => _entries[Checked(row)];

    /// <summary>The row of the cgroup above; -1 for the topmost.</summary>
    public int ParentOf(int row) => _parents[Checked(row)];

    /// <summary>The row of that path; -1 when it is not there.</summary>
    public int RowOf(string path)
    {
        for (int row = 0; row < Count; row++)
        {
            if (_entries[row].Path == path)
            {
                return row;
            }
        }
        return -1;
    }

    /// <summary>A cgroup's figure.</summary>
    public bool TryGet(Field field, int row, out long value)
    {
        int at = (Checked(row) * Width) + field.Index;
        value = _values[at];
        return _absences[at] == Absence.Present;
    }

    /// <summary>A cgroup's figure; null when it has none.</summary>
    public long? Value(Field field, int row) => TryGet(field, row, out long value) ? value : null;

    /// <summary>Why a cgroup's figure is not there.</summary>
    public Absence AbsenceOf(Field field, int row) => _absences[(Checked(row) * Width) + field.Index];

    /// <summary>Why, for people; empty when it is there. Allocates.</summary>
    public string Why(Field field, int row) => Absences.Explain(AbsenceOf(field, row), field, Version, _entries[row].Directory);

    /// <summary>A figure with its reason. Allocates when there is none.</summary>
    public Measured Get(Field field, int row) => TryGet(field, row, out long value) ? Measured.Of(value) : Measured.Missing(Why(field, row));

    /// <summary>A figure of the machine.</summary>
    public bool TryGetHost(Field field, out long value)
    {
        value = _hostValues[field.Index];
        return _hostAbsences[field.Index] == Absence.Present;
    }

    /// <summary>A figure of the machine; null when it has none.</summary>
    public long? HostValue(Field field) => TryGetHost(field, out long value) ? value : null;

    /// <summary>Why a figure of the machine is not there.</summary>
    public Absence HostAbsenceOf(Field field) => _hostAbsences[field.Index];

    /// <summary>A figure of the machine with its reason. Allocates when there is none.</summary>
    public Measured GetHost(Field field) =>
        TryGetHost(field, out long value) ? Measured.Of(value) : Measured.Missing(Absences.Explain(HostAbsenceOf(field), field, Version, ""));

    /// <summary>Empties it for a new moment.</summary>
    public void Begin(int version, long timeNs, DateTimeOffset at)
    {
        Version = version;
        TimeNs = timeNs;
        At = at;
        Array.Clear(_entries, 0, Count); // a removed cgroup must not live on here
        Count = 0;
        Array.Fill(_hostAbsences, Absence.NotRead);
    }

    /// <summary>Adds a row without values. Parents come before their children.</summary>
    /// <param name="entry">The cgroup.</param>
    /// <param name="parent">The row of the cgroup above; -1 for the topmost.</param>
    /// <returns>The row.</returns>
    public int Add(CgroupEntry entry, int parent)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(parent, Count);
        int row = Count++;
        if (row == _entries.Length)
        {
            Array.Resize(ref _entries, row * 2);
            Array.Resize(ref _parents, row * 2);
            Array.Resize(ref _values, row * 2 * Width);
            Array.Resize(ref _absences, row * 2 * Width);
        }
        _entries[row] = entry;
        _parents[row] = parent;
        Array.Fill(_absences, Absence.NotRead, row * Width, Width);
        return row;
    }

    /// <summary>Takes back the row added last: its cgroup vanished while it was read.</summary>
    public void RemoveLast() => _entries[--Count] = null!;

    /// <summary>Gives a figure to a cgroup.</summary>
    public void Set(Field field, int row, long value)
    {
        int at = (Checked(row) * Width) + field.Index;
        _values[at] = value;
        _absences[at] = Absence.Present;
    }

    /// <summary>Gives a reason to a cgroup's figure.</summary>
    public void SetAbsent(Field field, int row, Absence absence) => _absences[(Checked(row) * Width) + field.Index] = absence;

    /// <summary>Gives a figure to the machine.</summary>
    public void SetHost(Field field, long value)
    {
        _hostValues[field.Index] = value;
        _hostAbsences[field.Index] = Absence.Present;
    }

    /// <summary>Gives a reason to a figure of the machine.</summary>
    public void SetHostAbsent(Field field, Absence absence) => _hostAbsences[field.Index] = absence;

    /// <summary>All figures of a cgroup, by <see cref="Field.Index"/>; meaningless where <see cref="AbsencesOf"/> has a reason.</summary>
    public Span<long> ValuesOf(int row) => _values.AsSpan(Checked(row) * Width, Width);

    /// <summary>All reasons of a cgroup, by <see cref="Field.Index"/>.</summary>
    public Span<Absence> AbsencesOf(int row) => _absences.AsSpan(Checked(row) * Width, Width);

    /// <summary>All figures of the machine, by <see cref="Field.Index"/>.</summary>
    public Span<long> HostValues => _hostValues;

    /// <summary>All reasons of the machine, by <see cref="Field.Index"/>.</summary>
    public Span<Absence> HostAbsences => _hostAbsences;

    /// <summary>Makes this one equal to another.</summary>
    public void CopyFrom(Sample other)
    {
        Begin(other.Version, other.TimeNs, other.At);
        other._hostValues.CopyTo(_hostValues, 0);
        other._hostAbsences.CopyTo(_hostAbsences, 0);
        for (int row = 0; row < other.Count; row++)
        {
            Add(other._entries[row], other._parents[row]);
            other.ValuesOf(row).CopyTo(ValuesOf(row));
            other.AbsencesOf(row).CopyTo(AbsencesOf(row));
        }
    }

    private int Checked(int row)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)row, (uint)Count, nameof(row));
        return row;
    }
}
