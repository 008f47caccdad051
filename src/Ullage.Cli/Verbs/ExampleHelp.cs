using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace Ullage.Cli.Verbs;

/// <summary>Help that ends with an example. The library writes the rest.</summary>
internal sealed class ExampleHelp(HelpAction inner) : SynchronousCommandLineAction
{
    public override bool ClearsParseErrors => true;

    public static void Install(RootCommand root, int width)
    {
        HelpOption option = root.Options.OfType<HelpOption>().First();
        if (option.Action is HelpAction action)
        {
            action.MaxWidth = Math.Max(width, 60);
            option.Action = new ExampleHelp(action);
        }
        option.Description = "Show this help";
        option.Aliases.Clear();
        option.Aliases.Add("-h");
        option.Aliases.Add("--help");
    }

    public override int Invoke(ParseResult parseResult)
    {
        int code = inner.Invoke(parseResult);
        TextWriter output = parseResult.InvocationConfiguration.Output;
        string[] examples = Examples(parseResult.CommandResult.Command.Name, parseResult.CommandResult.Command is RootCommand);
        output.Write(examples.Length == 1 ? "Example:\n" : "Examples:\n");
        foreach (string line in examples)
        {
            output.Write($"  {line}\n");
        }
        return code;
    }

    private static string[] Examples(string command, bool isRoot) => isRoot
        ? ["ullage run anon-oom", "ullage run --help"]
        : command switch
        {
            RunVerb.Name => RunVerb.Examples,
            ScenariosVerb.Name => ScenariosVerb.Examples,
            ScenariosVerb.ShowName => ScenariosVerb.ShowExamples,
            StatVerb.Name => StatVerb.Examples,
            TopVerb.Name => TopVerb.Examples,
            PressureVerb.Name => PressureVerb.Examples,
            SlabVerb.Name => SlabVerb.Examples,
            ValidateVerb.Name => ValidateVerb.Examples,
            TraceVerb.Name => TraceVerb.Examples,
            CompareVerb.Name => CompareVerb.Examples,
            RecordVerb.Name => RecordVerb.Examples,
            ReplayVerb.Name => ReplayVerb.Examples,
            DumpVerb.Name => DumpVerb.Examples,
            ExportVerb.Name => ExportVerb.Examples,
            ServeVerb.Name => ServeVerb.Examples,
            ReportVerb.Name => ReportVerb.Examples,
            _ => DoctorVerb.Examples,
        };
}
