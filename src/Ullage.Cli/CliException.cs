namespace Ullage.Cli;

/// <summary>Ends a verb with a message for the user: <c>what went wrong: what to do</c>.</summary>
internal sealed class CliException(int exitCode, params IReadOnlyList<string> messages) : Exception(string.Join('\n', messages))
{
    public int ExitCode { get; } = exitCode;

    /// <summary>One line each. Printed as they are when <see cref="Bare"/>, else after <c>ullage: </c>.</summary>
    public IReadOnlyList<string> Messages { get; } = messages;

    /// <summary>True when the lines begin with <c>file:line:</c>, where editors expect nothing before it.</summary>
    public bool Bare { get; init; }

    public static CliException Usage(string message) => new(ExitCodes.Usage, message);

    public static CliException NoData(string message) => new(ExitCodes.NoData, message);
}
