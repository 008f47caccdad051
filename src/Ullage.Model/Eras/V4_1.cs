using Ullage.Model.AddressSpace.Malloc;

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
            FailcntOnlyOnV1Memory = false, // §1.1
            High = HighThrottleRule.ReclaimInCharge, HighHandledInCharge = false, DyingSkipsHigh = false, // §2.6
            NonHierarchicalPossible = true,
        },
        Kmem = new()
        {
            Activation = KmemActivation.WhenLimited, Order = KmemOrder.KmemFirst, NofailExceedsKmemLimit = false, // §2.13
            SlabUnit = SlabUnit.Page, ChargesPageTables = false, UnchargeToStock = false, ObjStockKeepsRemainder = false,
            VmapStack = false, CachedStacksKeepCharge = false, // §2.17
            PgdPages = 1,
            ChildCacheNamedById = true, // §4.4
        },
        Slab = new()
        {
            Caches = CachesV4_15.Table.Resized(("vm_area_struct", 184), ("anon_vma", 80), ("task_struct", 5824)).With("anon_vma_chain", 64, accounted: true),
            OrderSearch = OrderSearch.FewerObjects, CountsPresentCpus = false, // §4.1
            CpuPartial = [2, 6, 13, 30], CpuPartialInSlabs = false, // §4.2
            Reparents = false, ReportNamesCpu = false, KmallocCg = false, KmallocShortNames = false,
            KmallocRcl = false, InlineNameBytes = 32, // §4.8
        },
        Oom = new()
        {
            MemcgTiming = MemcgOomTiming.AtFaultEnd, EventAfterCostlyTest = false, RechecksMargin = false, // §8.1, §2.3
            DyingCurrentIsEnough = false, NoFsSkipsMemcg = false,
            RootBonus = true, CountsPudTables = false, NegativeBadness = false, Tie = BadnessTie.KeepLeader, // §8.3
            SacrificeChild = true, SleepsAfterKill = true, Reaper = ReaperStart.None, // §8.5
            OomGroup = false, OomGroupKillEvent = false, Score = OomScoreScale.Plain,
            V1OomKillHierarchical = false, OomControlShowsKills = false, TotalPagesByMemsw = true,
            LeakedFaultRetries = false, ExitingAbortsScan = true, ScansThreads = true, KilledWillFreeMemory = false,
        },
        Report = EraReports.V4_1,
        Cgroups = EraCgroupFiles.V4_1,
        Limits = new()
        {
            Protection = ProtectionRule.BelowLow, TargetIsUnprotected = false, RecursiveProtOption = false, LocalEventsOption = false, // §1.6, §2.5
            HighWrite = HighWriteRule.Store, // §2.9
            PressureCalls = PressureCalls.Target, PressureModes = false, // §2.15
        },
        Lru = new() { AddBatch = 14, NewAnonActive = true, PerZone = true }, // §3.1, §3.2
        Reclaim = new()
        {
            Walk = MemcgWalk.SharedByPriority, GlobalShrinkerPass = true, SetsMemalloc = false, // §3.9
            SlabCountsForMemcg = true,
            Delta = ShrinkerDelta.LruProportion, ShrinksSmallSlabs = false, Deferral = ShrinkerDeferral.Leftover, // §4.8
        },
        Rcu = new() { OverloadForces = false, AskAfterPerSecond = 20, QuietTicksPercent = 0 },
        Vmscan = EraVmscan.V4_1, // §3
        Stats = new() { Accuracy = StatAccuracy.Exact, SurviveRemoval = false }, // §2.17
        Gfp = new() { Kernel = 0xd0, Account = 0, Names = false }, // §4.5
        Proc = EraProcFiles.V4_1,
        AddressSpace = new()
        {
            Heuristic = OvercommitHeuristic.FreeMemory, WideCommitBatch = false, CommitWarning = "", // §7.1
            LimitDataCountsMappings = false, HasMadviseFree = false, UnaccountsUnwritten = false, StackGapPages = 0, // §7.2
            HasFixedNoReplace = false, ReplacesAtOnce = false,
        },
        Pages = new()
        {
            MinFreeKbMax = 65536, ScaleFactorMax = 0, // §9.1
            Victim = VictimReserve.NoWatermarks, CountsRetries = false, StallsByZone = false, // §8.5, §9.2, §9.4
            DmaManaged = 3977, ZoneTypes = 4,
        },
        MemInfo = EraMemInfo.V4_1,
        Glibc = GlibcReleases.V2_22, // §7.3
        Paths = EraCallPaths.V4_1,
        Pressure = EraPressure.None,
        Life = EraLife.V4_1, // §5, §10
        Files = EraFiles.V4_1,
        Swap = EraSwap.V4_1,
        Sockets = SocketRules.V4_1, // §2.13
    };
}
