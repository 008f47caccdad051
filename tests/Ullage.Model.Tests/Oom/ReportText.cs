using System.Text.RegularExpressions;
using Ullage.Model.Tracing;

namespace Ullage.Model.Tests.Oom;

/// <summary>Brings reports of real kernels and of the model to one form, and compares them line by line.</summary>
internal static partial class ReportText
{
    /// <summary>The lines of a file in tests/data/dmesg, as the kernel printed them.</summary>
    public static string[] Measured(string name) => File.ReadAllLines(Path.Combine(Root(), "tests", "data", "dmesg", name + ".txt"));

    /// <summary>What the model can and must print: no timestamps, no doubtful frames, no registers of user space, no offsets into code.</summary>
    public static List<string> Comparable(IEnumerable<string> lines) =>
        [.. lines.Select(line => Timestamp().Replace(line, "")).Where(line => !MachineCode().IsMatch(line)).Select(line => Mask(Offset().Replace(line, "")))];

    public static List<string> Comparable(IEnumerable<KernelLogRecord> records) =>
        Comparable(records.Select(record => record.Text.Replace("\n", "\\x0a", StringComparison.Ordinal)));

    /// <summary>Numbers go; in the task table their width stays, because columns are part of the format.</summary>
    private static string Mask(string line) => TableRow().IsMatch(line)
        ? PaddedNumber().Replace(line, match => new string('#', match.Length))
        : Number().Replace(line, "N");

    public static void ShouldPrintLike(this IReadOnlyList<string> model, IReadOnlyList<string> kernel)
    {
        for (int i = 0; i < Math.Max(model.Count, kernel.Count); i++)
        {
            string ours = i < model.Count ? model[i] : "(nothing)";
            string theirs = i < kernel.Count ? kernel[i] : "(nothing)";
            if (ours != theirs)
            {
                string before = string.Join('\n', kernel.Take(i).TakeLast(3).Select(line => "    " + line));
                Assert.Fail($"record {i + 1} differs:\n{before}\n  - {theirs}\n  + {ours}\n(- kernel, {kernel.Count} records; + model, {model.Count} records)");
            }
        }
    }

    private static string Root()
    {
        string? folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Combine(folder, "Ullage.slnx")))
        {
            folder = Path.GetDirectoryName(folder);
        }
        return folder.ShouldNotBeNull("Ullage.slnx is in no folder above the tests");
    }

    [GeneratedRegex(@"^\[ *\d+\.\d+\] ", RegexOptions.None, 1000)]
    private static partial Regex Timestamp();

    [GeneratedRegex(@"^( \? |RIP: |RSP: |R[A-Z0-9]{2}: |Code: )", RegexOptions.None, 1000)]
    private static partial Regex MachineCode();

    [GeneratedRegex(@"\+0x[0-9a-f]+/0x[0-9a-f]+", RegexOptions.None, 1000)]
    private static partial Regex Offset();

    [GeneratedRegex(@"^\[ *\d+\] ", RegexOptions.None, 1000)]
    private static partial Regex TableRow();

    [GeneratedRegex(@" *\d+", RegexOptions.None, 1000)]
    private static partial Regex PaddedNumber();

    [GeneratedRegex(@"(?<![A-Za-z0-9_.])\d+", RegexOptions.None, 1000)]
    private static partial Regex Number();
}
