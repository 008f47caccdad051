using System.Text;
using Ullage.Abi;
using Ullage.Lab.Results;
using Ullage.Lab.Scenarios;
using Ullage.Lab.Targets;
using Ullage.Lab.Targets.Host;
using Ullage.Lab.Targets.Model;
using Ullage.Observe.Diagnosis;
using Ullage.Observe.Host;

namespace Ullage.Cli;

/// <summary>Joins the verbs to the other rooms.</summary>
internal static class Wiring
{
    public static CliServices Services() => new()
    {
        BuiltIns = () => [.. BuiltInScenarios.Names.Select(name => (name, DescriptionOf(name)))],
        BuiltInText = BuiltInScenarios.Read,
        ReadScenario = Read,
        Judge = Judge,
        Target = MakeTarget,
        Eras = () => ScenarioReader.Kernels,
        ResultJson = Json,
        Doctor = Examine,
        HostEra = () => ModelledEras.Nearest(new HostFiles().Read("/proc/sys/kernel/osrelease").Text.Trim(), out _),
    };

    private static string DescriptionOf(string name) =>
        ScenarioReader.Read(BuiltInScenarios.Read(name)!, name + ".yaml", []).Scenario?.Description ?? "";

    private static LoadedScenario Read(string yaml, string file, IReadOnlyList<string> overrides)
    {
        ScenarioReadResult read = ScenarioReader.Read(yaml, file, overrides);
        return new LoadedScenario(read.Scenario, [.. read.Problems.Select(problem => problem.ToString())]);
    }

    private static IReadOnlyList<ExpectationResult> Judge(Scenario scenario, RunResult result, IKernelFiles? files) =>
        Expectations.Judge(scenario, result, path => files?.Read(path) is { Ok: true } read ? read.Text : null);

    private static ITarget? MakeTarget(string name) => name switch
    {
        "host" => new HostTarget(),
        "model" => new ModelTarget(),
        _ => null,
    };

    private static IReadOnlyList<DoctorCheck> Examine(string root)
    {
        HostFiles files = new(root);
        bool readable = files.Read("/proc/self/mountinfo").Ok || files.Read("/proc/version").Ok || files.Read("/proc/meminfo").Ok;
        return readable ? Doctor.Examine(files) : [];
    }

    private static string Json(RunResult result)
    {
        using MemoryStream buffer = new();
        ResultJson.Write(result, buffer);
        return Encoding.UTF8.GetString(buffer.ToArray());
    }
}
