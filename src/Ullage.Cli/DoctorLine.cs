namespace Ullage.Cli;

/// <summary>How a check ended.</summary>
internal enum DoctorMark
{
    Ok,
    /// <summary>Not there, and that is no fault: some things will not be shown.</summary>
    Absent,
    /// <summary>Needs attention: something will not work.</summary>
    Problem,
}

/// <summary>One check of a host.</summary>
/// <param name="Mark">How it ended.</param>
/// <param name="What">What was checked.</param>
/// <param name="Found">What was found.</param>
/// <param name="Advice">What to do, or what will not work; empty when there is nothing to say.</param>
internal sealed record DoctorLine(DoctorMark Mark, string What, string Found, string Advice);
