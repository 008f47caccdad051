using Ullage.Lab.Targets;
using Ullage.Lab.Targets.Model;

namespace Ullage.Lab.Validation;

/// <summary>Runs every measured experiment that this version can repeat on the model.</summary>
public static class Validator
{
    private delegate IReadOnlyList<FidelityFigure> Comparison(MeasuredExperiment measured, ITarget model, IRunObserver observer);

    /// <summary>Experiments by the beginning of their files' names, in the order of the page.</summary>
    private static readonly IReadOnlyList<(string Prefix, Comparison Compare)> Experiments =
    [
        ("E3-", (measured, model, observer) => measured.Case == "oom_kill_disable"
            ? OomDisabledExperiment.Compare(measured, model, observer) : GrowthExperiment.Compare(measured, model, observer)),
        ("E1-", KmemExperiment.Compare),
        ("E1p-", KmemExperiment.Compare),
        ("E2-", (measured, _, observer) => DentryExperiment.Compare(measured, observer)),
        ("E11-", (measured, _, _) => OvercommitExperiment.Compare(measured)),
        ("E6-", HighExperiment.Compare),
        ("E7-", (measured, _, _) => ProtectionExperiment.Compare(measured)),
        ("E8-", HierarchyExperiment.Compare),
        ("E10-", DyingExperiment.Compare),
        ("E9-", MigrationExperiment.Compare),
    ];

    /// <summary>All figures, by experiment. Reads <paramref name="directory"/>; the model runs in memory.</summary>
    /// <exception cref="IOException">Files of experiments are missing.</exception>
    public static IReadOnlyList<FidelityFigure> Run(string directory)
    {
        List<FidelityFigure> figures = [];
        foreach ((string prefix, Comparison compare) in Experiments)
        {
            foreach (MeasuredExperiment measured in GroundTruth.Read(directory, prefix))
            {
                figures.AddRange(compare(measured, new ModelTarget(), new NobodyWatches()));
            }
        }
        figures.AddRange(FileReadExperiment.Compare(GroundTruth.Read(directory, "E4-")));
        figures.AddRange(SwapExperiment.Compare(GroundTruth.Read(directory, "E5-"), GroundTruth.Read(directory, "E4-")));
        figures.AddRange(WriteExperiment.Compare(Path.Combine(directory, "..", "e14")));
        figures.AddRange(MallocExperiment.Compare(directory));
        return figures;
    }
}
