namespace Ullage.Observe.Diagnosis;

/// <summary>How a check ended.</summary>
public enum DoctorState
{
    /// <summary>There, and usable.</summary>
    Ok,
    /// <summary>There, but something will be missing or differ.</summary>
    Limited,
    /// <summary>Not there.</summary>
    Missing,
}

/// <summary>One check of a host.</summary>
/// <param name="Name">What was checked, such as <c>memory controller</c>.</param>
/// <param name="State">How it ended.</param>
/// <param name="Found">What was found, with file and errno.</param>
/// <param name="Lost">What will not work; empty when nothing is lost.</param>
/// <param name="Remedy">What to do; empty when there is nothing to do.</param>
public sealed record DoctorCheck(string Name, DoctorState State, string Found, string Lost = "", string Remedy = "");
