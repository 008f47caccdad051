using Ullage.Abi;
using Ullage.Cli.Sources;
using Ullage.Cli.Stat;
using Ullage.Lab.Results;
using Ullage.Lab.Scenarios;
using Ullage.Lab.Targets;
using Ullage.Lab.Targets.Host;
using Ullage.Observe.Diagnosis;
using Ullage.Observe.Sampling;

namespace Ullage.Cli;

/// <summary>
/// What the verbs need from the other rooms. Everything is made when it is first asked for, so that <c>--version</c> costs nothing.
/// </summary>
public sealed record CliServices
{
    /// <summary>The built-in scenarios: name and description, in the order to show them.</summary>
    public required Func<IReadOnlyList<(string Name, string Description)>> BuiltIns { get; init; }

    /// <summary>The text of a built-in scenario; null when there is none of this name.</summary>
    public required Func<string, string?> BuiltInText { get; init; }

    /// <summary>Reads a scenario: text, file name for messages, overrides (<c>a.b=value</c>).</summary>
    public required Func<string, string, IReadOnlyList<string>, LoadedScenario> ReadScenario { get; init; }

    /// <summary>Judges the expectations of a scenario; the files are those of the target, as far as they are still there.</summary>
    public required Func<Scenario, RunResult, IKernelFiles?, IReadOnlyList<ExpectationResult>> Judge { get; init; }

    /// <summary>Makes a target, <c>model</c> or <c>host</c>; null when this version has none of this name.</summary>
    public required Func<string, ITarget?> Target { get; init; }

    /// <summary>The eras that <c>--kernel</c> takes.</summary>
    public required Func<IReadOnlyList<string>> Eras { get; init; }

    /// <summary>Writes a result as JSON of schema <c>ullage/result/1</c>.</summary>
    public required Func<RunResult, string> ResultJson { get; init; }

    /// <summary>Opens the cgroup that <c>stat</c> watches; null = by <see cref="Source"/>. For tests.</summary>
    internal Func<StatRequest, IStatSource>? StatSource { get; init; }

    /// <summary>Opens what a reading verb watches; null = hosts, snapshots and scenarios (<see cref="SampleSources"/>). A recording is put in here.</summary>
    internal Func<SourceRequest, ISampleSource>? Source { get; init; }

    /// <summary>Checks the host below a root directory (<c>/</c> = this host); empty when there is nothing to read.</summary>
    internal Func<string, IReadOnlyList<DoctorCheck>> Doctor { get; init; } = _ => throw new CliException(ExitCodes.FeatureAbsent, "doctor is not in this build");

    /// <summary>The era that comes nearest to the kernel of this host; null when it is older than all, or not known.</summary>
    internal Func<string?> HostEra { get; init; } = () => null;

    /// <summary>Why this host's kernel cannot be traced; null = it can, as far as can be seen.</summary>
    internal Func<TracingProblem?> HostTracing { get; init; } = () => HostTracer.Check();

    /// <summary>Clock and timers.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;
}

/// <summary>A scenario that was read, or what is wrong with it.</summary>
/// <param name="Scenario">Null when there are problems.</param>
/// <param name="Problems">One line each: <c>file:line: key: message</c>.</param>
public sealed record LoadedScenario(Scenario? Scenario, IReadOnlyList<string> Problems);
