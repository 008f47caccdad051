using System.CommandLine;
using Ullage.Cli.Verbs;

namespace Ullage.Cli.Sources;

/// <summary>Which kernel a reading verb reads.</summary>
internal sealed record SourceRequest
{
    /// <summary>The tree that stands for <c>/</c>.</summary>
    public string Root { get; init; } = "/";
    /// <summary>A scenario to run on the model, sampled every <see cref="Interval"/> of its time; null = the files below <see cref="Root"/>.</summary>
    public string? Scenario { get; init; }
    /// <summary>The scenario's era; null = the scenario's own.</summary>
    public string? Kernel { get; init; }
    public ulong Seed { get; init; } = 1;
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(1);
    /// <summary>The cgroup that is wanted, as a person names it; null = all.</summary>
    public string? Cgroup { get; init; }
    /// <summary>The process whose cgroup is wanted; null = none.</summary>
    public int? Pid { get; init; }
    /// <summary>How many levels below the cgroup; null = all.</summary>
    public int? Depth { get; init; }
    /// <summary>False for verbs that can do without a memory controller.</summary>
    public bool NeedsCgroups { get; init; } = true;
}

/// <summary>The options that choose it, the same in every reading verb.</summary>
internal sealed class SourceOptionSet
{
    private readonly Option<string> _root = CommonOptions.Root;
    private readonly Option<string?> _scenario = new("--scenario") { HelpName = "SCENARIO", Description = "Watch a scenario on the model instead of this host, in its own time" };
    private readonly Option<string?> _kernel = new("--kernel") { HelpName = "ERA", Description = "With --scenario: the kernel to model, such as 5.4" };

    public void AddTo(Command verb)
    {
        verb.Options.Add(_root);
        verb.Options.Add(_scenario);
        verb.Options.Add(_kernel);
    }

    public SourceRequest Read(ParseResult parse)
    {
        string? scenario = parse.GetValue(_scenario);
        string? kernel = parse.GetValue(_kernel);
        if (kernel is not null && scenario is null)
        {
            throw CliException.Usage("--kernel chooses the kernel of a modelled scenario: give --scenario SCENARIO with it");
        }
        return new SourceRequest { Root = parse.GetValue(_root)!, Scenario = scenario, Kernel = kernel };
    }
}
