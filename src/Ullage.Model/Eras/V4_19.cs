namespace Ullage.Model.Eras;

/// <summary>What 4.16 to 4.19 changed: the OOM killer runs inside the charge, memory.min, memory.oom.group, no root bonus.</summary>
internal static class EraV4_19
{
    private static readonly KernelEra Before = EraV4_15.Era;

    internal static readonly KernelEra Era = Before with
    {
        Name = "4.19",
        Release = "4.19.0",
        Charging = Before.Charging with
        {
            RetryMayFail = RetryMayFailRule.AfterOom, WhenOomFails = OomFailure.Force, // §2.3, row 15
        },
        Kmem = Before.Kmem with { CachedStacksKeepCharge = false }, // §2.17
        Oom = Before.Oom with
        {
            MemcgTiming = MemcgOomTiming.InCharge, // §8.1
            RootBonus = false, // §8.3
            OomGroup = true, // §2.8
        },
        Report = EraReports.V4_19,
        Cgroups = EraCgroupFiles.V4_19,
        Limits = Before.Limits with { Protection = ProtectionRule.AllOrNothing }, // §1.5
        Lru = Before.Lru with { AddBatch = 15 }, // §3.1
        Reclaim = Before.Reclaim with { GlobalShrinkerPass = false, Delta = ShrinkerDelta.Priority, ShrinksSmallSlabs = true }, // §3.9, §4.8
        Rcu = Before.Rcu with { AskAfterPerSecond = 10 },
        Stats = Before.Stats with { Accuracy = StatAccuracy.Batched }, // §2.17
        Gfp = Before.Gfp with { Kernel = 0x6000c0 },
        Vmscan = EraVmscan.V4_19, // §3
        Proc = EraProcFiles.V4_19,
        AddressSpace = Before.AddressSpace with { HasFixedNoReplace = true },
        Paths = EraCallPaths.V4_19,
        Life = EraLife.V4_19, // §5, §10
        Files = EraFiles.V4_19,
        Swap = EraSwap.V4_19,
    };
}
