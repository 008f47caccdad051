using System.Globalization;
using Ullage.Abi.Files;
using Ullage.Lab.Results;

namespace Ullage.Lab.Validation;

/// <summary>Looks up in a run's result what an experiment measured.</summary>
internal static class ModelFiguresReader
{
    /// <summary>Where the memory hierarchy of an experiment is mounted.</summary>
    public static string Mount(MeasuredExperiment measured) => measured.CgroupVersion == 1 ? "/sys/fs/cgroup/memory" : "/sys/fs/cgroup";

    /// <summary>The values of all repetitions that have this counter.</summary>
    public static IReadOnlyList<long> KernelValues(MeasuredExperiment measured, string counter) =>
        [.. measured.Repeats.Where(repeat => repeat.ContainsKey(counter)).Select(repeat => repeat[counter])];

    /// <summary>The status as a parent sees it: minus the signal, or the exit status; null when there is no such process or it runs.</summary>
    public static long? ReturnCode(RunResult result, string name)
    {
        ProcessResult? process = result.Processes.FirstOrDefault(process => process.Name == name);
        return process is null ? null : process.Signal == "SIGKILL" ? -9 : process.ExitCode;
    }

    /// <summary>A collected file's number, or a field of it: <c>memory.failcnt</c>, <c>memory.events.max</c>.</summary>
    public static long? FileValue(RunResult result, string directory, string counter)
    {
        foreach ((string path, string text) in result.Files)
        {
            if (!path.StartsWith(directory, StringComparison.Ordinal))
            {
                continue;
            }
            string file = path[directory.Length..];
            string? field = counter == file ? "value" : counter.StartsWith(file + ".", StringComparison.Ordinal) ? counter[(file.Length + 1)..] : null;
            if (field is not null && KernelFields.TryGet(path, text, field, out string? value))
            {
                return long.Parse(value, CultureInfo.InvariantCulture);
            }
        }
        return null;
    }
}
