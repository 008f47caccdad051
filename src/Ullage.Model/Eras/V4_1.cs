namespace Ullage.Model.Eras;

/// <summary>4.1, the oldest era: zones own LRU lists, kmem accounting is opt-in, the OOM killer runs at the end of the page fault.</summary>
internal static class EraV4_1
{
    internal static readonly KernelEra Era = new()
    {
        Name = "4.1",
        Release = "4.1.3",
        Charging = new()
        {
            FunctionName = "try_charge",
            Batch = 32, StockSlots = 1, StockIsBounded = false, DrainStockOnOffline = false, // §2.1
            ReclaimRetries = 5, // §2.2 step 1
            DyingTask = DyingTaskCharge.Bypass, LastResort = ChargeLastResort.Bypass, // §2.3
            AtomicForces = false, HighForces = false, MemallocForces = false,
            RetryMayFail = RetryMayFailRule.Ignored,
            ForceRaisesMaxEvent = false, DyingGivesUpAfterOom = false,
            WhenOomFails = OomFailure.NoMem,
            HierarchicalEvents = false, // §2.5
            FailcntOnlyOnV1Memory = false, ClampNegativeUsage = false, SetMaxAllowsRaise = false, // §1.1, §1.3, §1.4
            High = HighThrottleRule.ReclaimInCharge, HighHandledInCharge = false, DyingSkipsHigh = false, // §2.6
            NonHierarchicalPossible = true,
        },
        Kmem = new()
        {
            Activation = KmemActivation.WhenLimited, Order = KmemOrder.KmemFirst, NofailExceedsKmemLimit = false, // §2.13
            SlabUnit = SlabUnit.Page, ChargesPageTables = false, UnchargeToStock = false, ObjStockKeepsRemainder = false,
            VmapStack = false, // §2.17
            VmAreaStructSize = 184, AnonVmaSize = 80, AnonVmaChainSize = 64,
            ChildCacheNamedById = true, // §4.4
        },
        Oom = new()
        {
            MemcgTiming = MemcgOomTiming.AtFaultEnd, EventAfterCostlyTest = false, RechecksMargin = false, // §8.1, §2.3
            DyingCurrentIsEnough = false, NoFsSkipsMemcg = false,
            RootBonus = true, CountsPudTables = false, NegativeBadness = false, Tie = BadnessTie.KeepLeader, // §8.3
            SacrificeChild = true, SleepsAfterKill = true, Reaper = ReaperStart.None, // §8.5
            OomGroup = false, OomGroupKillEvent = false, Score = OomScoreScale.Plain,
            V1OomKillHierarchical = false, OomControlShowsKills = false, TotalPagesByMemsw = true,
            LeakedFaultRetries = false, ExitingAbortsScan = true,
        },
        Report = EraReports.V4_1,
        Cgroups = EraCgroupFiles.V4_1,
        Lru = new() { AddBatch = 14, NewAnonActive = true }, // §3.1, §3.2
        Stats = new() { Accuracy = StatAccuracy.Exact, SurviveRemoval = false }, // §2.17
        Gfp = new() { Kernel = 0xd0, Account = 0, Names = false }, // §4.5
        Proc = EraProcFiles.V4_1,
        Paths = EraCallPaths.V4_1,
        Pressure = EraPressure.None,
    };
}
