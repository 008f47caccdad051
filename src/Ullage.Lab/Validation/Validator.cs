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
            figures.AddRange(GrowthExperiment.Compare(measured, new ModelTarget(), new NobodyWatches()));
        }
        foreach (MeasuredExperiment measured in GroundTruth.Read(directory, "E2-"))
        {
            figures.AddRange(DentryExperiment.Compare(measured, new ModelTarget(), new NobodyWatches()));
        }
        foreach (MeasuredExperiment measured in GroundTruth.Read(directory, "E11-"))
        {
            figures.AddRange(OvercommitExperiment.Compare(measured));
        }
        figures.AddRange(MallocExperiment.Compare(directory));
        return figures;
    }
}
