using Ullage.Abi;

namespace Ullage.Model.Eras;

/// <summary>Cgroup files per era (§11.2, §11.3).</summary>
internal static class EraCgroupFiles
{
    internal static readonly CgroupRules V4_1 = new()
    {
        V2Files = [], V1Files = [], V2CoreFiles = [], EventFields = [], V2StatFields = [], V1StatFields = [],
        IdsExhausted = Errno.ENOSPC, SwappinessMax = 100, KmemSlabinfoFilled = true, ChargeMovingGone = false, LimitWriteCountsRounds = true,
        SwapMaxIsStrict = true, V2RootFiles = [], ProcCgroupsV1Only = false,
    };
    internal static readonly CgroupRules V4_15 = V4_1;
    internal static readonly CgroupRules V4_19 = V4_15;
    internal static readonly CgroupRules V5_3 = V4_19;
    internal static readonly CgroupRules V5_4 = V5_3;
    internal static readonly CgroupRules V5_10 = V5_4;
    internal static readonly CgroupRules V6_1 = V5_10;
    internal static readonly CgroupRules V6_12 = V6_1;
    internal static readonly CgroupRules V6_18 = V6_12;
}

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
