using Ullage.Lab.Targets;
using Ullage.Lab.Targets.Model;

namespace Ullage.Lab.Validation;

/// <summary>Runs every measured experiment that this version can repeat on the model.</summary>
public static class Validator
{
    /// <summary>All figures, by experiment. Reads <paramref name="directory"/>; the model runs in memory.</summary>
    public static IReadOnlyList<FidelityFigure> Run(string directory)
    {
        List<FidelityFigure> figures = [];
        foreach (MeasuredExperiment measured in GroundTruth.Read(directory, "E3-"))
        {
            bool waits = measured.Case == "oom_kill_disable";
            figures.AddRange(waits ? OomDisabledExperiment.Compare(measured, new ModelTarget(), new NobodyWatches())
                : GrowthExperiment.Compare(measured, new ModelTarget(), new NobodyWatches()));
        }
        foreach (MeasuredExperiment measured in (IEnumerable<MeasuredExperiment>)[.. GroundTruth.Read(directory, "E1-"), .. GroundTruth.Read(directory, "E1p-")])
        {
            figures.AddRange(KmemExperiment.Compare(measured, new ModelTarget(), new NobodyWatches()));
        }
        foreach (MeasuredExperiment measured in GroundTruth.Read(directory, "E2-"))
        {
            figures.AddRange(DentryExperiment.Compare(measured, new NobodyWatches()));
        }
        foreach (MeasuredExperiment measured in GroundTruth.Read(directory, "E11-"))
        {
            figures.AddRange(OvercommitExperiment.Compare(measured));
        }
        foreach (MeasuredExperiment measured in GroundTruth.Read(directory, "E6-"))
        {
            figures.AddRange(HighExperiment.Compare(measured, new ModelTarget(), new NobodyWatches()));
        }
        foreach (MeasuredExperiment measured in GroundTruth.Read(directory, "E7-"))
        {
            figures.AddRange(ProtectionExperiment.Compare(measured));
        }
        foreach (MeasuredExperiment measured in GroundTruth.Read(directory, "E8-"))
        {
            figures.AddRange(HierarchyExperiment.Compare(measured, new ModelTarget(), new NobodyWatches()));
        }
        figures.AddRange(FileReadExperiment.Compare(GroundTruth.Read(directory, "E4-")));
        foreach (MeasuredExperiment measured in GroundTruth.Read(directory, "E10-"))
        {
            figures.AddRange(DyingExperiment.Compare(measured, new ModelTarget(), new NobodyWatches()));
        }
        foreach (MeasuredExperiment measured in GroundTruth.Read(directory, "E9-"))
        {
            figures.AddRange(MigrationExperiment.Compare(measured, new ModelTarget(), new NobodyWatches()));
        }
        figures.AddRange(SwapExperiment.Compare(GroundTruth.Read(directory, "E5-"), GroundTruth.Read(directory, "E4-")));
        figures.AddRange(WriteExperiment.Compare(Path.Combine(directory, "..", "e14")));
        figures.AddRange(MallocExperiment.Compare(directory));
        return figures;
    }
}
