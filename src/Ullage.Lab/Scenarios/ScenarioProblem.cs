using System.Globalization;

namespace Ullage.Lab.Scenarios;

/// <summary>One mistake in a scenario, told in one line.</summary>
/// <param name="File">The scenario's file, or <c>--set KEY=VALUE</c> when an override brought the mistake in.</param>
/// <param name="Line">Line in the file, from 1; 0 when the mistake is not in the file.</param>
/// <param name="Column">Column in the file, from 1; 0 when the mistake is not in the file.</param>
/// <param name="KeyPath">The key, in the spelling that <c>--set</c> takes (<c>processes.0.do.1.grow.bytes</c>); empty for the whole file.</param>
/// <param name="Message">What is wrong, and what to do.</param>
public sealed record ScenarioProblem(string File, int Line, int Column, string KeyPath, string Message)
{
    /// <summary><c>file:line:column: key: message</c>, without the parts that do not apply.</summary>
    public override string ToString()
    {
        string place = Line > 0 ? string.Create(CultureInfo.InvariantCulture, $"{File}:{Line}:{Column}") : File;
        return KeyPath.Length > 0 ? $"{place}: {KeyPath}: {Message}" : $"{place}: {Message}";
    }
}

/// <summary>What reading a scenario gave: the scenario, or everything that is wrong with it.</summary>
/// <param name="Scenario">The scenario; null when there are problems.</param>
/// <param name="Problems">All mistakes, sorted by line; empty when there is a scenario.</param>
public sealed record ScenarioReadResult(Scenario? Scenario, IReadOnlyList<ScenarioProblem> Problems)
{
    /// <summary>True when the scenario can be run.</summary>
    public bool Ok => Scenario is not null;
}
