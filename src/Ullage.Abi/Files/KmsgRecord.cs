using Ullage.Abi.Text;

namespace Ullage.Abi.Files;

/// <summary>One property of a kernel log record, such as <c>SUBSYSTEM=pci</c>.</summary>
/// <param name="Key">Name before the equals sign.</param>
/// <param name="Value">What stands behind it.</param>
public readonly record struct KmsgProperty(string Key, string Value);

/// <summary>
/// One record of /dev/kmsg, as one read(2) gives it: <c>4,512,76380043,-;SLUB: Unable to allocate memory</c>, then a line for each property.
/// </summary>
/// <param name="Priority">Level and facility as printed; see <see cref="Level"/>.</param>
/// <param name="Sequence">Number of the record since boot; a gap means that records were overwritten.</param>
/// <param name="TimestampUs">Microseconds since boot.</param>
/// <param name="Flags"><c>-</c>, or <c>c</c> for a piece of a line that goes on.</param>
/// <param name="Extra">Further header fields such as <c>caller=T42</c>; null when there are none.</param>
/// <param name="Text">The message, escapes resolved; may hold newlines.</param>
/// <param name="Properties">Properties; often none.</param>
public sealed record KmsgRecord(
    int Priority, ulong Sequence, ulong TimestampUs, char Flags, string? Extra, string Text, ValueList<KmsgProperty> Properties) : IKernelText<KmsgRecord>
{
    private const string Shape = "'priority,sequence,microseconds,flags;text'";

    /// <summary>Severity: 0 emergency to 7 debug; 3 is an error, 4 a warning, 6 information.</summary>
    public int Level => Priority & 7;

    /// <summary>Who wrote it: 0 is the kernel, other numbers come from processes.</summary>
    public int Facility => Priority >> 3;

    /// <summary>A message of the kernel itself.</summary>
    public static KmsgRecord Kernel(int level, ulong sequence, ulong timestampUs, string text) =>
        new(level, sequence, timestampUs, '-', null, text, []);

    /// <inheritdoc/>
    public static bool TryParse(ReadOnlySpan<char> text, [NotNullWhen(true)] out KmsgRecord? value, out ParseProblem problem)
    {
        KernelLines lines = new(text);
        value = null;
        if (!lines.TryNext(out ReadOnlySpan<char> line))
        {
            problem = lines.AtEnd ? new(1, $"the record is empty: expected {Shape}") : lines.End();
            return false;
        }
        KmsgRecord? head = ParseHead(line);
        if (head is null)
        {
            problem = lines.Expected(Shape, line);
            return false;
        }
        if (lines.TryRows(ParseProperty, out ValueList<KmsgProperty>? properties, out problem))
            value = head with { Properties = properties };
        return value is not null;
    }

    /// <inheritdoc/>
    public string Format()
    {
        StringBuilder record = new();
        record.Append(CultureInfo.InvariantCulture, $"{Priority},{Sequence},{TimestampUs},{Flags}");
        if (Extra is not null)
            record.Append(',').Append(Extra);
        record.Append(';');
        KmsgEscapes.Encode(record, Text);
        record.Append('\n');
        foreach (KmsgProperty property in Properties)
        {
            record.Append(' ');
            KmsgEscapes.Encode(record, property.Key);
            record.Append('=');
            KmsgEscapes.Encode(record, property.Value);
            record.Append('\n');
        }
        return record.ToString();
    }

    /// <summary>The record as dmesg prints it: one line for each line of the message.</summary>
    public ValueList<DmesgLine> ToDmesg()
    {
        string[] parts = Text.TrimEnd('\n').Split('\n');
        return ValueList.From(Array.ConvertAll(parts, part => new DmesgLine(TimestampUs, null, part)));
    }

    private static KmsgRecord? ParseHead(ReadOnlySpan<char> line)
    {
        LineCursor cursor = new(line);
        ulong sequence = 0, time = 0;
        bool ok = cursor.TakeInt(out int priority) && cursor.Take(',')
            && cursor.TakeUnsigned(out sequence) && cursor.Take(',')
            && cursor.TakeUnsigned(out time) && cursor.Take(',')
            && cursor.Rest.Length > 1;
        if (!ok)
            return null;
        char flags = cursor.Rest[0];
        cursor.Take(flags);
        bool hasExtra = cursor.Take(',');
        if (!cursor.TakeUntil(';', out ReadOnlySpan<char> extra) || hasExtra == extra.IsEmpty || flags is ',' or ';')
            return null;
        return KmsgEscapes.TryDecode(cursor.Rest, out string text)
            ? new(priority, sequence, time, flags, hasExtra ? extra.ToString() : null, text, [])
            : null;
    }

    private static bool ParseProperty(ReadOnlySpan<char> line, out KmsgProperty row, out string expected)
    {
        LineCursor cursor = new(line);
        string key = "", value = "";
        bool ok = cursor.Take(' ') && cursor.TakeUntil('=', out ReadOnlySpan<char> name)
            && KmsgEscapes.TryDecode(name, out key) && KmsgEscapes.TryDecode(cursor.Rest, out value);
        row = new(key, value);
        expected = "a blank and 'KEY=value'";
        return ok;
    }
}
