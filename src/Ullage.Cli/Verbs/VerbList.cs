using System.CommandLine;
using Ullage.Cli.Terminal;

namespace Ullage.Cli.Verbs;

/// <summary>The verbs: those of this version, those that are planned, and what to answer to others.</summary>
internal static class VerbList
{
    private static (string Name, string Does)[] Present =>
    [
        (RunVerb.Name, RunVerb.Does),
        (ScenariosVerb.Name, ScenariosVerb.Does),
        (StatVerb.Name, StatVerb.Does),
        (TopVerb.Name, TopVerb.Does),
        (PressureVerb.Name, PressureVerb.Does),
        (SlabVerb.Name, SlabVerb.Does),
        (DoctorVerb.Name, DoctorVerb.Does),
        (ValidateVerb.Name, ValidateVerb.Does),
        (TraceVerb.Name, TraceVerb.Does),
        (CompareVerb.Name, CompareVerb.Does),
        (RecordVerb.Name, RecordVerb.Does),
        (ReplayVerb.Name, ReplayVerb.Does),
        (DumpVerb.Name, DumpVerb.Does),
        (ExportVerb.Name, ExportVerb.Does),
        (ServeVerb.Name, ServeVerb.Does),
        (ReportVerb.Name, ReportVerb.Does),
    ];

    // What to use until they are there.
    private static (string Name, string Instead)[] Planned =>
    [
        ("explain", "'ullage run SCENARIO' says why a process of a scenario was killed"),
    ];

    /// <summary>Whether this version has the verb.</summary>
    public static bool Has(string verb) => Present.Any(each => each.Name == verb);

    /// <summary>Throws, with what to do, unless this version has the verb.</summary>
    public static void Check(string verb)
    {
        if (Has(verb))
        {
            return;
        }
        foreach ((string name, string instead) in Planned)
        {
            if (name == verb)
            {
                throw CliException.Usage($"'{verb}' is not in this version: {instead}");
            }
        }
        string? nearest = Words.Nearest(verb, Present.Select(each => each.Name).Concat(Planned.Select(each => each.Name)));
        throw CliException.Usage(nearest is null
            ? $"there is no verb '{verb}': 'ullage --help' lists them"
            : $"there is no verb '{verb}': did you mean '{nearest}'?");
    }

    public static Command Make(string verb, CliConsole console, Func<CliServices> services) => verb switch
    {
        RunVerb.Name => RunVerb.Command(console, services),
        ScenariosVerb.Name => ScenariosVerb.Command(console, services),
        StatVerb.Name => StatVerb.Command(console, services),
        TopVerb.Name => TopVerb.Command(console, services),
        PressureVerb.Name => PressureVerb.Command(console, services),
        SlabVerb.Name => SlabVerb.Command(console, services),
        ValidateVerb.Name => ValidateVerb.Command(console),
        TraceVerb.Name => TraceVerb.Command(console, services),
        CompareVerb.Name => CompareVerb.Command(console, services),
        RecordVerb.Name => RecordVerb.Command(console, services),
        ReplayVerb.Name => ReplayVerb.Command(console, services),
        DumpVerb.Name => DumpVerb.Command(console),
        ExportVerb.Name => ExportVerb.Command(console),
        ServeVerb.Name => ServeVerb.Command(console, services),
        ReportVerb.Name => ReportVerb.Command(console),
        _ => DoctorVerb.Command(console, services),
    };

    /// <summary>The root with the one verb that is wanted, or with the names of all for its help.</summary>
    public static RootCommand Root(Command? verb = null)
    {
        RootCommand root = new("See, explain, predict and rehearse memory pressure in Linux control groups.");
        foreach ((string name, string does) in Present)
        {
            root.Subcommands.Add(verb?.Name == name ? verb : new Command(name, does));
        }
        return root;
    }
}
