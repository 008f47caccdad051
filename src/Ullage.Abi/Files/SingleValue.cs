using Ullage.Abi.Text;
using Ullage.Abi.Units;

namespace Ullage.Abi.Files;

/// <summary>A file that holds one number or the word <c>max</c>: limits, usages, switches, sysctls.</summary>
public sealed record SingleValue : IKernelText<SingleValue>
{
    private readonly Int128 _number;

    private SingleValue(Int128 number, bool isMax)
    {
        _number = number;
        IsMax = isMax;
    }

    /// <summary>The word <c>max</c>.</summary>
    public static SingleValue Max { get; } = new(0, isMax: true);

    /// <summary>True for the word <c>max</c>.</summary>
    public bool IsMax { get; }

    /// <summary>The number; null for <c>max</c> and for a number above 2^63.</summary>
    public long? Value => IsMax || _number > long.MaxValue ? null : (long)_number;

    /// <summary>The number or <c>max</c> as a limit in bytes, v1 or v2; null when it is negative.</summary>
    public Limit? Limit => IsMax ? Units.Limit.None : _number < 0 ? null : Units.Limit.TryParse(Number, out Limit limit) ? limit : null;

    private string Number => _number.ToString(CultureInfo.InvariantCulture);

    /// <summary>That number.</summary>
    public static SingleValue Of(long value) => new(value, isMax: false);

    /// <summary>That number, as unsigned files print it.</summary>
    public static SingleValue OfUnsigned(ulong value) => new(value, isMax: false);

    /// <inheritdoc/>
    public static bool TryParse(ReadOnlySpan<char> text, [NotNullWhen(true)] out SingleValue? value, out ParseProblem problem)
    {
        KernelLines lines = new(text);
        value = null;
        if (!lines.TryNext(out ReadOnlySpan<char> line))
        {
            problem = lines.AtEnd ? new(1, "the file is empty: expected one number or 'max'") : lines.End();
            return false;
        }
        SingleValue? read = ParseLine(line);
        problem = read is null ? lines.Expected("one number or 'max'", line)
            : lines.AtEnd ? ParseProblem.None
            : new(2, "expected only one line");
        value = problem.IsNone ? read : null;
        return value is not null;
    }

    /// <inheritdoc/>
    public string Format() => IsMax ? "max\n" : Number + "\n";

    private static SingleValue? ParseLine(ReadOnlySpan<char> line)
    {
        if (line.SequenceEqual("max"))
            return Max;
        LineCursor cursor = new(line);
        bool negative = cursor.Take('-');
        if (!cursor.TakeUnsigned(out ulong size) || !cursor.AtEnd)
            return null;
        // The kernel prints no minus zero and no signed number below -2^63.
        if (negative && (size == 0 || size > 1UL << 63))
            return null;
        return new(negative ? -(Int128)size : size, isMax: false);
    }
}
