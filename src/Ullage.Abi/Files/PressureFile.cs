using Ullage.Abi.Text;

namespace Ullage.Abi.Files;

/// <summary>One line of a pressure file.</summary>
/// <param name="Avg10">Share of the last 10 seconds, in hundredths of a percent (2.19 is 219).</param>
/// <param name="Avg60">Share of the last minute, in hundredths of a percent.</param>
/// <param name="Avg300">Share of the last five minutes, in hundredths of a percent.</param>
/// <param name="TotalUs">All stall time since boot or since the cgroup was made, in microseconds.</param>
public sealed record PressureLine(int Avg10, int Avg60, int Avg300, ulong TotalUs);

/// <summary>memory.pressure, /proc/pressure/memory and the like (§6.5).</summary>
/// <param name="Some">Time in which at least one task stalled; null where the kernel has no such line (irq).</param>
/// <param name="Full">Time in which all tasks stalled; null where the kernel has no such line (cpu before 5.13).</param>
public sealed record PressureFile(PressureLine? Some, PressureLine? Full) : IKernelText<PressureFile>
{
    private const string Shape = "'some avg10=0.00 avg60=0.00 avg300=0.00 total=0'";

    /// <inheritdoc/>
    public static bool TryParse(ReadOnlySpan<char> text, [NotNullWhen(true)] out PressureFile? value, out ParseProblem problem)
    {
        KernelLines lines = new(text);
        PressureLine? some = null, full = null;
        value = null;
        while (lines.TryNext(out ReadOnlySpan<char> line))
        {
            bool ok = some is null && full is null && TryLine(line, "some", out some) || full is null && TryLine(line, "full", out full);
            if (!ok)
            {
                problem = lines.Expected(Shape, line);
                return false;
            }
        }
        problem = lines.End();
        if (problem.IsNone && some is null && full is null)
            problem = new(1, $"the file is empty: expected {Shape}");
        value = problem.IsNone ? new(some, full) : null;
        return value is not null;
    }

    /// <inheritdoc/>
    public string Format() => FormatLine("some", Some) + FormatLine("full", Full);

    private static string FormatLine(string name, PressureLine? line) => line is null ? "" : string.Create(
        CultureInfo.InvariantCulture,
        $"{name} avg10={Percent(line.Avg10)} avg60={Percent(line.Avg60)} avg300={Percent(line.Avg300)} total={line.TotalUs}\n");

    internal static string Percent(int hundredths) => string.Create(CultureInfo.InvariantCulture, $"{hundredths / 100}.{hundredths % 100:00}");

    private static bool TryLine(ReadOnlySpan<char> line, string name, out PressureLine? pressure)
    {
        LineCursor cursor = new(line);
        int avg60 = 0, avg300 = 0;
        ulong total = 0;
        bool ok = cursor.Take(name)
            & TryPercent(ref cursor, " avg10=", out int avg10)
            && TryPercent(ref cursor, " avg60=", out avg60)
            && TryPercent(ref cursor, " avg300=", out avg300)
            && cursor.Take(" total=") && cursor.TakeUnsigned(out total) && cursor.AtEnd;
        pressure = ok ? new(avg10, avg60, avg300, total) : null;
        return ok;
    }

    private static bool TryPercent(ref LineCursor cursor, string label, out int hundredths)
    {
        int fraction = 0;
        hundredths = 0;
        bool ok = cursor.Take(label) && cursor.TakeInt(out hundredths) && hundredths < 1_000_000 && cursor.Take('.') && cursor.TakeDigits(2, out fraction);
        hundredths = ok ? hundredths * 100 + fraction : 0;
        return ok;
    }
}
