namespace Ullage.Model.Eras;

/// <summary>/proc files per era (§11.6, §11.7).</summary>
internal static class EraProcFiles
{
    internal static readonly ProcRules V4_1 = new() { MeminfoFields = [], VmstatFields = [], StatusHasRssParts = false, StatusHasVmPmd = true, Pressure = false };
    internal static readonly ProcRules V4_15 = V4_1 with { StatusHasRssParts = true, StatusHasVmPmd = false };
    internal static readonly ProcRules V5_3 = V4_15 with { Pressure = true };
    internal static readonly ProcRules V5_10 = V5_3;
    internal static readonly ProcRules V6_1 = V5_10;
    internal static readonly ProcRules V6_12 = V6_1;
    internal static readonly ProcRules V6_18 = V6_12;
}
