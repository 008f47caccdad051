using System.CommandLine;
using Ullage.Cli.Terminal;

namespace Ullage.Cli.Verbs;

/// <summary><c>ullage doctor</c>: what this host offers.</summary>
internal static class DoctorVerb
{
    public const string Name = "doctor";
    public const string Does = "Say what this host offers, what will not work here, and why";

    public static string[] Examples => ["ullage doctor", "sudo ullage doctor"];

    public static Command Command(CliConsole console, Func<CliServices> services)
    {
        Option<string> root = CommonOptions.Root;
        Command verb = new(Name, Does);
        verb.Options.Add(root);
        verb.Options.Add(CommonOptions.NoColour);
        verb.SetAction(parse => Run(console, services(), parse.GetValue(root)!));
        return verb;
    }

    private static int Run(CliConsole console, CliServices services, string root)
    {
        IReadOnlyList<DoctorLine> lines = services.Doctor(root);
        if (lines.All(line => line.Mark == DoctorMark.Problem))
        {
            throw CliException.NoData($"nothing could be read below {root}: check that {root.TrimEnd('/')}/proc exists and may be read");
        }
        int widest = lines.Max(line => line.What.Length);
        foreach (DoctorLine line in lines)
        {
            (string mark, Tone tone) = Shown(line.Mark);
            string advice = line.Advice.Length > 0 ? $": {line.Advice}" : "";
            foreach (string text in TextWrap.Lines($"{mark}  {line.What.PadRight(widest)}  {line.Found}{advice}", console.Width, widest + 6))
            {
                console.WriteLine(console.Paint(text, tone));
            }
        }
        int problems = lines.Count(line => line.Mark == DoctorMark.Problem);
        int absent = lines.Count(line => line.Mark == DoctorMark.Absent);
        console.WriteLine();
        console.WriteLine($"{Amounts.Count(lines.Count, "check")}: {lines.Count - problems - absent} ok, {absent} absent (--), {Amounts.Count(problems, "problem")} (!!)");
        return ExitCodes.Ok;
    }

    private static (string, Tone) Shown(DoctorMark mark) => mark switch
    {
        DoctorMark.Ok => ("ok", Tone.Plain),
        DoctorMark.Absent => ("--", Tone.Dim),
        _ => ("!!", Tone.Yellow),
    };
}
