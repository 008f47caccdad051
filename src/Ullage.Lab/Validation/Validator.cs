using Ullage.Abi;
using Ullage.Lab.Results;
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
        foreach (MeasuredExperiment measured in GroundTruth.Read(directory, "E6-"))
        {
            figures.AddRange(HighExperiment.Compare(measured, new ModelTarget(), new NobodyWatches()));
        }
        foreach (MeasuredExperiment measured in GroundTruth.Read(directory, "E8-"))
        {
            figures.AddRange(HierarchyExperiment.Compare(measured, new ModelTarget(), new NobodyWatches()));
        }
        figures.AddRange(WriteExperiment.Compare(Path.Combine(directory, "..", "e14")));
        return figures;
    }

    private sealed class NobodyWatches : IRunObserver
    {
        public void OnStart(string target, string kernel, IKernelFiles files)
        {
        }

        public void OnProgress(long tNs, IKernelFiles files)
        {
        }

        public void OnKernelLog(DmesgLine line)
        {
        }

        public void OnProcessEnded(long tNs, ProcessResult process)
        {
        }
    }
}
