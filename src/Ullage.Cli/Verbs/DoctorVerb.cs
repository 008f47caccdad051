using System.CommandLine;
using System.Text.Json;
using Ullage.Cli.Terminal;
using Ullage.Observe.Diagnosis;

namespace Ullage.Cli.Verbs;

/// <summary><c>ullage doctor</c>: what this host offers.</summary>
internal static class DoctorVerb
{
    public const string Name = "doctor";
    public const string Does = "Say what this host offers, what will not work here, and why";

    public static string[] Examples => ["ullage doctor", "sudo ullage doctor", "ullage doctor --format json"];

    public static Command Command(CliConsole console, Func<CliServices> services)
    {
        Option<string> root = CommonOptions.Root;
        Command verb = new(Name, Does);
        Option<string> format = CommonOptions.Format("table (for people) or json (schema ullage/doctor/1)");
        verb.Options.Add(root);
        verb.Options.Add(format);
        verb.Options.Add(CommonOptions.NoColour);
        verb.SetAction(parse => Run(console, services(), parse.GetValue(root)!, OptionText.OneOf("--format", parse.GetValue(format)!, "table", "json") == "json"));
        return verb;
    }

    private static int Run(CliConsole console, CliServices services, string root, bool json)
    {
        IReadOnlyList<DoctorCheck> checks = services.Doctor(root);
        if (checks.Count == 0)
        {
            throw CliException.NoData($"there is no kernel to examine below {root}: {root.TrimEnd('/')}/proc cannot be read; mount it, or name another --root");
        }
        if (json)
        {
            JsonText.Write(console, writer => Write(writer, checks));
            return ExitCodes.Ok;
        }
        int widest = checks.Max(check => check.Name.Length);
        foreach (DoctorCheck check in checks)
        {
            (string mark, Tone tone) = Shown(check.State);
            Lines(console, $"{mark}  {check.Name.PadRight(widest)}  {check.Found}", tone, widest + 6);
            string consequence = Consequence(check);
            if (consequence.Length > 0)
            {
                Lines(console, new string(' ', widest + 6) + consequence, tone, widest + 6);
            }
        }
        int limited = checks.Count(check => check.State == DoctorState.Limited);
        int missing = checks.Count(check => check.State == DoctorState.Missing);
        console.WriteLine();
        console.WriteLine($"{Amounts.Count(checks.Count, "check")}: {checks.Count - limited - missing} ok, {limited} limited (--), {missing} missing (!!)");
        return ExitCodes.Ok;
    }

    private static void Write(Utf8JsonWriter json, IReadOnlyList<DoctorCheck> checks)
    {
        json.WriteStartObject();
        json.WriteString("schema", "ullage/doctor/1");
        json.WriteStartArray("checks");
        foreach (DoctorCheck check in checks)
        {
            json.WriteStartObject();
            json.WriteString("name", check.Name);
            json.WriteString("state", check.State switch { DoctorState.Ok => "ok", DoctorState.Limited => "limited", _ => "missing" });
            json.WriteString("found", check.Found);
            json.WriteString("affected", check.Lost);
            json.WriteString("to_do", check.Remedy);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static string Consequence(DoctorCheck check) => (check.Lost, check.Remedy) switch
    {
        ("", "") => "",
        ("", _) => "to do: " + check.Remedy,
        (_, "") => "affected: " + check.Lost,
        _ => $"affected: {check.Lost}; to do: {check.Remedy}",
    };

    private static void Lines(CliConsole console, string text, Tone tone, int indent)
    {
        foreach (string line in TextWrap.Lines(text, console.Width, indent))
        {
            console.WriteLine(console.Paint(line, tone));
        }
    }

    private static (string, Tone) Shown(DoctorState state) => state switch
    {
        DoctorState.Ok => ("ok", Tone.Plain),
        DoctorState.Limited => ("--", Tone.Dim),
        _ => ("!!", Tone.Yellow),
    };
}
