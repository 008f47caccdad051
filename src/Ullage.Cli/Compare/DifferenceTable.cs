using System.Globalization;
using System.Text.Json;
using Ullage.Cli.Terminal;
using Ullage.Insight.Pages;

namespace Ullage.Cli.Compare;

/// <summary>How much of a comparison to show.</summary>
internal enum CompareDetail
{
    /// <summary>What differs more than its spread.</summary>
    Beyond,
    /// <summary>What is not zero.</summary>
    NotZero,
    /// <summary>Everything.</summary>
    All,
}

/// <summary>Shows differences of counters, in the terminal and in reports.</summary>
internal sealed class DifferenceTable(CliConsole console)
{
    /// <summary>Writes them as a table, and the sentence about them.</summary>
    public void Write(IReadOnlyList<CounterDifference> differences, string first, string second, CompareDetail detail)
    {
        (string firstHead, string secondHead) = Heads(first, second);
        TextTable table = new(new("COUNTER"), new(firstHead, Right: true), new(secondHead, Right: true), new("DIFFERENCE", Right: true), new(""));
        CounterDifference[] shown = [.. differences.Where(each => detail switch
        {
            CompareDetail.Beyond => each.Beyond,
            CompareDetail.All => true,
            _ => each.Beyond || IsNotZero(each.First) || IsNotZero(each.Second),
        })];
        foreach (CounterDifference each in shown)
        {
            table.Add(ToneOf(each), $"{Place(each)}{ComparisonText.Name(each)}", Side(each.First), Side(each.Second), ComparisonText.Difference(each), Mark(each));
        }
        foreach ((string line, Tone tone) in table.RowCount > 0 ? table.Lines(console.Width) : [])
        {
            console.WriteLine(console.Paint(line, tone));
        }
        if (detail == CompareDetail.NotZero && shown.Length < differences.Count)
        {
            console.WriteLine(console.Paint($"({Amounts.Count(differences.Count - shown.Length, "counter")} of nothing but zeros left out: -v shows all)", Tone.Dim));
        }
        console.WriteLine();
        foreach (string line in TextWrap.Lines(ComparisonText.Sentence(differences, first, second), Math.Max(40, console.Width), 0))
        {
            console.WriteLine(line);
        }
    }

    public static ReportTable ForReport(IReadOnlyList<CounterDifference> differences, string first, string second, string title) => new(
        title, ["File", "Counter", "#" + first, "#" + second, "#Difference", ""],
        [.. differences.Select(each => new ReportRow([each.File, each.Field, Side(each.First), Side(each.Second), ComparisonText.Difference(each), Mark(each)],
            each.Beyond ? "red" : each.OneSided ? "dim" : ""))],
        ComparisonText.Sentence(differences, first, second));

    // The target alone when that tells them apart: a release of a distribution can be long.
    private static (string, string) Heads(string first, string second)
    {
        string a = first.Split(' ')[0];
        string b = second.Split(' ')[0];
        return a != b && first.Contains(' ', StringComparison.Ordinal) ? (a.ToUpperInvariant(), b.ToUpperInvariant()) : (Short(first).ToUpperInvariant(), Short(second).ToUpperInvariant());
    }

    private static string Short(string name) => name.Length <= 18 ? name : "…" + name[^17..];

    private static bool IsNotZero(CounterRange? range) => range is not null && (range.Least != 0 || range.Greatest != 0);

    // Counters of several cgroups would otherwise look alike.
    private static string Place(CounterDifference each)
    {
        string[] parts = each.File.StartsWith('/') ? each.File.Split('/') : [];
        return parts.Length >= 3 && each.File.StartsWith("/sys/fs/cgroup/", StringComparison.Ordinal) ? parts[^2] + "/" : "";
    }

    private static string Side(CounterRange? range) => range?.ToString() ?? "-";

    private static string Mark(CounterDifference each) => each.Beyond ? "differs" : each.OneSided ? "one side only" : "";

    private static Tone ToneOf(CounterDifference each) => each.Beyond ? Tone.Red : each.OneSided ? Tone.Dim : Tone.Plain;
}

/// <summary>Writes differences as JSON.</summary>
internal static class DifferenceJson
{
    public static void Write(Utf8JsonWriter json, IReadOnlyList<CounterDifference> differences, string first, string second)
    {
        json.WriteStartObject();
        json.WriteString("first", first);
        json.WriteString("second", second);
        json.WriteString("summary", ComparisonText.Sentence(differences, first, second));
        json.WriteStartArray("counters");
        foreach (CounterDifference each in differences)
        {
            json.WriteStartObject();
            json.WriteString("file", each.File);
            json.WriteString("field", each.Field);
            Range(json, "first", each.First);
            Range(json, "second", each.Second);
            if (each.Difference is decimal difference)
            {
                json.WriteNumber("difference", difference);
            }
            else
            {
                json.WriteNull("difference");
            }
            json.WriteBoolean("beyond_spread", each.Beyond);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void Range(Utf8JsonWriter json, string name, CounterRange? range)
    {
        if (range is null)
        {
            json.WriteNull(name);
            return;
        }
        json.WriteStartArray(name);
        json.WriteNumberValue(range.Least);
        json.WriteNumberValue(range.Greatest);
        json.WriteEndArray();
    }
}
