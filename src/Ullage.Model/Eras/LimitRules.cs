namespace Ullage.Model.Eras;

/// <summary>How memory.min and memory.low of a tree become what each cgroup is protected by (§1.5, §1.6).</summary>
public enum ProtectionRule
{
    /// <summary>memory.low only: a cgroup is protected while it and everything above it, up to the reclaim target, are below their low (to 4.17).</summary>
    BelowLow,
    /// <summary>A cgroup above its setting claims nothing from its parent; shares are cut where siblings claim more (4.18 to 5.6).</summary>
    AllOrNothing,
    /// <summary>A cgroup claims up to its setting; shares are cut only where siblings claim more than the parent has (5.7+).</summary>
    Capped,
}

/// <summary>What a write to memory.high does when usage is above it (§2.9).</summary>
public enum HighWriteRule
{
    /// <summary>Nothing (4.1).</summary>
    Store,
    /// <summary>One reclaim run for the excess (4.15 to 5.4).</summary>
    ReclaimOnce,
    /// <summary>Reclaims until it fits or nothing more can be had, and stores then (5.9, 5.10).</summary>
    ReclaimThenStore,
    /// <summary>Stores, then reclaims (6.1+).</summary>
    StoreThenReclaim,
}

/// <summary>Which calls of vmpressure an era makes and looks at (§2.15).</summary>
public enum PressureCalls
{
    /// <summary>For the target of reclaim only (4.1).</summary>
    Target,
    /// <summary>For the target, and for each visited cgroup for the sake of its sockets (4.15+).</summary>
    TargetAndVisited,
    /// <summary>For the target in v1, for each visited cgroup in v2 (6.1+; checked 6.12).</summary>
    ByVersion,
}

/// <summary>Protection, soft throttling and notifications of limits.</summary>
public sealed record LimitRules
{
    /// <summary>How protection is shared out.</summary>
    public required ProtectionRule Protection { get; init; }
    /// <summary>The target of reclaim is never protected from its own reclaim (6.2+, §1.6).</summary>
    public required bool TargetIsUnprotected { get; init; }
    /// <summary>The mount option memory_recursiveprot exists (5.7+).</summary>
    public required bool RecursiveProtOption { get; init; }
    /// <summary>The mount option memory_localevents exists (5.2+).</summary>
    public required bool LocalEventsOption { get; init; }
    /// <summary>What a write to memory.high does.</summary>
    public required HighWriteRule HighWrite { get; init; }
    /// <summary>A write to memory.max or memory.high with O_NONBLOCK sets the limit and leaves reclaim to the next charge (6.15+, checked 6.18, §2.9).</summary>
    public bool NonBlockingWritesOnlyStore { get; init; }
    /// <summary>Which calls feed vmpressure.</summary>
    public required PressureCalls PressureCalls { get; init; }
    /// <summary>memory.pressure_level takes a mode after the level (4.13+, §2.15).</summary>
    public required bool PressureModes { get; init; }
}
