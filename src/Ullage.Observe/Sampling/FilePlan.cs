using Ullage.Abi;
using Ullage.Abi.Units;
using Ullage.Observe.Fields;

namespace Ullage.Observe.Sampling;

/// <summary>One file that a sample needs, and which fields it gives.</summary>
internal sealed class FilePlan
{
    private readonly List<Field> _fields;
    private readonly KeyedLayout? _layout;
    private readonly Shape _shape;
    private readonly int[] _slots = [];

    private FilePlan(string name, List<Field> fields, int version)
    {
        // One value or one table that the kernel makes in one go: a short read is the end of it (procfs tables come in several).
        File = new WantedFile(name, IsOneRecord: !name.StartsWith('/'));
        _fields = fields;
        _shape = fields[0].SourceOf(version)!.Keys.Count == 0 ? Shape.Value
            : name == "/proc/cgroups" ? Shape.CgroupTable
            : name.EndsWith("pressure", StringComparison.Ordinal) || name.StartsWith("/proc/pressure/", StringComparison.Ordinal) ? Shape.Pressure
            : Shape.Keyed;
        if (_shape == Shape.Pressure)
        {
            _slots = [.. PressureText.Keys.Select(key => fields.Find(field => field.SourceOf(version)!.Keys[0] == key)?.Index ?? -1)];
        }
        if (_shape == Shape.Keyed)
        {
            _layout = new KeyedLayout(fields.SelectMany(field => field.SourceOf(version)!.Keys.Select(key => (key, field.Index))));
        }
    }

    private enum Shape
    {
        Value,
        Keyed,
        Pressure,
        CgroupTable,
    }

    /// <summary>The name within a cgroup's directory, or a path.</summary>
    internal string Name => File.Name;

    /// <summary>How it is read.</summary>
    internal WantedFile File { get; }

    /// <summary>The files that give these fields, each once, the order of the fields.</summary>
    internal static FilePlan[] For(FieldList list, int version, IReadOnlySet<Field>? wanted) =>
    [
        .. list.All.Where(field => field.SourceOf(version) is not null && (wanted is null || wanted.Contains(field)))
            .GroupBy(field => field.SourceOf(version)!.File, StringComparer.Ordinal)
            .Select(group => new FilePlan(group.Key, [.. group], version)),
    ];

    /// <summary>Puts the file's values, or the reasons why there are none, into a row.</summary>
    internal void Put(Errno errno, ReadOnlySpan<byte> text, Span<long> values, Span<Absence> absences)
    {
        Absence absence = errno != Errno.None ? Absences.Of(errno) : text.IsEmpty ? Absence.Empty : _shape == Shape.Value ? Absence.Garbled : Absence.NotInFile;
        foreach (Field field in _fields)
        {
            absences[field.Index] = absence;
        }
        if (absence is not (Absence.Garbled or Absence.NotInFile))
        {
            return;
        }
        switch (_shape)
        {
            case Shape.Keyed: _layout!.Read(text, values, absences); break;
            case Shape.Pressure: PressureText.Read(text, _slots, values, absences); break;
            case Shape.CgroupTable: CgroupTable(text, values, absences); break;
            default: Value(text, values, absences); break;
        }
    }

    /// <summary>A number, or <c>max</c>; v1 writes the largest page counter for no limit.</summary>
    private void Value(ReadOnlySpan<byte> text, Span<long> values, Span<Absence> absences)
    {
        Field field = _fields[0];
        if (text.SequenceEqual("max\n"u8))
        {
            values[field.Index] = Sample.Unlimited;
        }
        else if (DecimalLine.Take(ref text, out long value) && text.IsEmpty)
        {
            values[field.Index] = field.Kind == FieldKind.Limit && (ulong)value >= KernelConstants.UnlimitedBytes ? Sample.Unlimited : value;
        }
        else
        {
            return;
        }
        absences[field.Index] = Absence.Present;
    }

    /// <summary>The third column of the row of the memory controller.</summary>
    private void CgroupTable(ReadOnlySpan<byte> text, Span<long> values, Span<Absence> absences)
    {
        int index = _fields[0].Index;
        int at = text.IndexOf("\nmemory\t"u8);
        if (at < 0)
        {
            return;
        }
        ReadOnlySpan<byte> row = text[(at + "\nmemory\t"u8.Length)..];
        int tab = row.IndexOf((byte)'\t');
        int end = tab + 1;
        ulong number = 0;
        bool ok = tab > 0 && DecimalLine.Digits(row, ref end, out number) && end < row.Length && row[end] == '\t';
        values[index] = (long)number;
        absences[index] = ok ? Absence.Present : Absence.Garbled;
    }
}

/// <summary>Reads <c>some avg10=0.00 avg60=0.00 avg300=0.00 total=0</c> and <c>full …</c>.</summary>
internal static class PressureText
{
    private const int FieldsPerLine = 4;

    /// <summary>The order of the slots.</summary>
    internal static readonly string[] Keys =
        ["some.avg10", "some.avg60", "some.avg300", "some.total", "full.avg10", "full.avg60", "full.avg300", "full.total"];

    /// <summary>Slots say where each of <see cref="Keys"/> goes; -1 = nowhere. Only a line that is whole gives values.</summary>
    internal static void Read(ReadOnlySpan<byte> text, ReadOnlySpan<int> slots, Span<long> values, Span<Absence> absences)
    {
        Span<long> four = stackalloc long[FieldsPerLine];
        while (!text.IsEmpty)
        {
            int end = text.IndexOf((byte)'\n');
            ReadOnlySpan<byte> line = end < 0 ? text : text[..end];
            text = end < 0 ? default : text[(end + 1)..];
            int first = line.StartsWith("some "u8) ? 0 : line.StartsWith("full "u8) ? FieldsPerLine : -1;
            if (first < 0)
            {
                continue;
            }
            Absence absence = end >= 0 && Line(line[5..], four) ? Absence.Present : Absence.Garbled;
            for (int i = 0; i < FieldsPerLine; i++)
            {
                int slot = slots[first + i];
                if (slot >= 0)
                {
                    values[slot] = four[i];
                    absences[slot] = absence;
                }
            }
        }
    }

    private static bool Line(ReadOnlySpan<byte> line, Span<long> four) =>
        Percent(ref line, "avg10="u8, out four[0]) && Percent(ref line, " avg60="u8, out four[1]) && Percent(ref line, " avg300="u8, out four[2])
        && Number(ref line, " total="u8, out four[3]) && line.IsEmpty;

    private static bool Percent(ref ReadOnlySpan<byte> line, ReadOnlySpan<byte> label, out long hundredths)
    {
        long fraction = 0;
        bool ok = Number(ref line, label, out hundredths) && Number(ref line, "."u8, out fraction) && fraction < 100 && hundredths < 1_000_000;
        hundredths = ok ? (hundredths * 100) + fraction : 0;
        return ok;
    }

    private static bool Number(ref ReadOnlySpan<byte> line, ReadOnlySpan<byte> label, out long value)
    {
        value = 0;
        if (!line.StartsWith(label))
        {
            return false;
        }
        int at = label.Length;
        if (!DecimalLine.Digits(line, ref at, out ulong number) || number > long.MaxValue)
        {
            return false;
        }
        line = line[at..];
        value = (long)number;
        return true;
    }
}
