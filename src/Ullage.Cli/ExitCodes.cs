namespace Ullage.Cli;

/// <summary>Exit codes of the program (docs/cli).</summary>
internal static class ExitCodes
{
    public const int Ok = 0;
    /// <summary>A finding: an expectation failed, two runs differ. Also an internal error.</summary>
    public const int Finding = 1;
    public const int Usage = 2;
    /// <summary>No data or no permission.</summary>
    public const int NoData = 3;
    /// <summary>The kernel lacks a feature.</summary>
    public const int FeatureAbsent = 4;
    public const int Interrupted = 130;
}
