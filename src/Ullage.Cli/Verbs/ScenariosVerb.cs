using System.CommandLine;
using System.Text.Json;
using Ullage.Cli.Terminal;

namespace Ullage.Cli.Verbs;

/// <summary><c>ullage scenarios</c>: what can be run by name.</summary>
internal static class ScenariosVerb
{
    public const string Name = "scenarios";
    public const string ShowName = "show";
    public const string Does = "List the built-in scenarios, or show the YAML of one";

    public static string[] Examples => ["ullage scenarios", "ullage scenarios show anon-oom > my.yaml"];

    public static string[] ShowExamples => ["ullage scenarios show anon-oom"];

    public static Command Command(CliConsole console, Func<CliServices> services)
    {
        Command show = new(ShowName, "Print the YAML of a built-in scenario, to read or to start from");
        Argument<string> name = new("NAME") { Description = "The scenario's name" };
        show.Arguments.Add(name);
        show.SetAction(parse => Show(parse.GetRequiredValue(name), console, services()));
        Command verb = new(Name, Does);
        verb.Subcommands.Add(show);
        Option<string> format = CommonOptions.Format("table (for people) or json (schema ullage/scenarios/1)");
        verb.Options.Add(format);
        verb.SetAction(parse => List(console, services(), OptionText.OneOf("--format", parse.GetValue(format)!, "table", "json") == "json"));
        verb.Options.Add(CommonOptions.NoColour);
        return verb;
    }

    private static int List(CliConsole console, CliServices services, bool json)
    {
        IReadOnlyList<(string Name, string Description)> all = services.BuiltIns();
        if (json)
        {
            JsonText.Write(console, writer => Write(writer, all));
            return ExitCodes.Ok;
        }
        int widest = all.Count == 0 ? 0 : all.Max(scenario => scenario.Name.Length);
        foreach ((string name, string description) in all)
        {
            string text = string.Join(' ', description.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
            foreach (string line in TextWrap.Lines($"{name.PadRight(widest)}  {text}", console.Width, widest + 2))
            {
                console.WriteLine(line);
            }
        }
        return ExitCodes.Ok;
    }

    private static void Write(Utf8JsonWriter json, IReadOnlyList<(string Name, string Description)> all)
    {
        json.WriteStartObject();
        json.WriteString("schema", "ullage/scenarios/1");
        json.WriteStartArray("scenarios");
        foreach ((string name, string description) in all)
        {
            json.WriteStartObject();
            json.WriteString("name", name);
            json.WriteString("description", description);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static int Show(string name, CliConsole console, CliServices services)
    {
        string text = services.BuiltInText(name) ?? throw Unknown(name, services);
        console.Out.Write(text.EndsWith('\n') ? text : text + "\n");
        return ExitCodes.Ok;
    }

    /// <summary>What to answer when neither a built-in scenario nor a file has this name.</summary>
    public static CliException Unknown(string name, CliServices services)
    {
        string? nearest = Words.Nearest(name, services.BuiltIns().Select(scenario => scenario.Name));
        string hint = nearest is null ? "'ullage scenarios' lists the built-in ones" : $"did you mean '{nearest}'?";
        return CliException.Usage($"there is no scenario '{name}', neither built in nor as a file: {hint}");
    }
}
