using Ullage.Abi.Text;

namespace Ullage.Abi.Files;

/// <summary>/proc/PID/statm, in pages.</summary>
/// <param name="Size">Address space.</param>
/// <param name="Resident">Resident memory.</param>
/// <param name="Shared">Resident file pages and shared memory.</param>
/// <param name="Text">Code.</param>
/// <param name="Lib">Always 0 since 2.6.</param>
/// <param name="Data">Data and stack.</param>
/// <param name="Dirty">Always 0 since 2.6.</param>
public sealed record Statm(long Size, long Resident, long Shared, long Text, long Lib, long Data, long Dirty) : IKernelText<Statm>
{
    private const int Numbers = 7;

    /// <inheritdoc/>
    public static bool TryParse(ReadOnlySpan<char> text, [NotNullWhen(true)] out Statm? value, out ParseProblem problem)
    {
        KernelLines lines = new(text);
        value = null;
        if (!lines.TryNext(out ReadOnlySpan<char> line))
        {
            problem = lines.AtEnd ? new(1, "the file is empty: expected seven numbers") : lines.End();
            return false;
        }
        LineCursor cursor = new(line);
        Span<long> pages = stackalloc long[Numbers];
        bool ok = true;
        for (int i = 0; ok && i < Numbers; i++)
            ok = (i == 0 || cursor.Take(' ')) && cursor.TakeLong(out pages[i]);
        problem = !ok || !cursor.AtEnd ? lines.Expected("seven numbers", line) : lines.AtEnd ? ParseProblem.None : new(2, "expected only one line");
        if (problem.IsNone)
            value = new(pages[0], pages[1], pages[2], pages[3], pages[4], pages[5], pages[6]);
        return value is not null;
    }

    /// <inheritdoc/>
    public string Format() => string.Create(CultureInfo.InvariantCulture, $"{Size} {Resident} {Shared} {Text} {Lib} {Data} {Dirty}\n");
}
