using System.CommandLine;
using Ullage.Cli.Terminal;
using Ullage.Lab.Validation;

namespace Ullage.Cli.Verbs;

/// <summary><c>ullage validate</c>: measures the model against the kernels and writes what it found.</summary>
internal static class ValidateVerb
{
    public const string Name = "validate";
    public const string Does = "Run the measured experiments on the model and write docs/validation.md and docs/eras.md";

    public static string[] Examples => ["ullage validate", "ullage validate --data tests/data/experiments --docs docs"];

    public static Command Command(CliConsole console)
    {
        Option<string> data = new("--data") { HelpName = "DIR", Description = "Where the measured experiments are", DefaultValueFactory = _ => "tests/data/experiments" };
        Option<string> docs = new("--docs") { HelpName = "DIR", Description = "Where to write the pages", DefaultValueFactory = _ => "docs" };
        Command verb = new(Name, Does);
        verb.Options.Add(data);
        verb.Options.Add(docs);
        verb.SetAction(parse => Run(parse.GetValue(data)!, parse.GetValue(docs)!, console));
        return verb;
    }

    private static int Run(string data, string docs, CliConsole console)
    {
        foreach ((string what, string directory) in new[] { ("measured experiments", data), ("pages", docs) })
        {
            if (!Directory.Exists(directory))
            {
                throw CliException.NoData($"there is no directory {directory} for the {what}: run this in the repository, or say where with --data and --docs");
            }
        }
        IReadOnlyList<FidelityFigure> figures;
        try
        {
            figures = Validator.Run(data);
        }
        catch (IOException missing)
        {
            throw CliException.NoData($"{data} does not have all measurements ({missing.Message}): copy tests/data as a whole, or leave --data away");
        }
        File.WriteAllText(Path.Combine(docs, "validation.md"), ValidationReport.Write(figures, DeclaredDeviations.OfModel()));
        File.WriteAllText(Path.Combine(docs, "eras.md"), EraTable.Write());
        foreach (FidelityFigure miss in figures.Where(figure => figure.Passed == false))
        {
            console.WriteLine($"miss: {miss.Experiment.Id} {miss.Counter}: model {miss.Model}, kernel {string.Join(", ", miss.Kernel)}");
        }
        int missed = figures.Count(figure => figure.Passed == false);
        console.WriteLine($"{figures.Count} figures: {figures.Count(figure => figure.Passed == true)} pass, {missed} miss, {figures.Count(figure => figure.Passed is null)} not judged");
        return missed == 0 ? ExitCodes.Ok : ExitCodes.Finding;
    }
}
