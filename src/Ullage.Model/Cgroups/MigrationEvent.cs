using Ullage.Abi;

namespace Ullage.Model.Cgroups;

/// <summary>The phases of a migration, in their order (§10.1).</summary>
public enum MigrationPhase
{
    /// <summary>A migration begins: who, and where to.</summary>
    Begin,
    /// <summary>A css_set that tasks leave was noted.</summary>
    Source,
    /// <summary>A task is left out: it is exiting.</summary>
    Skipped,
    /// <summary>The css_set that tasks of a source enter was found or made.</summary>
    Destination,
    /// <summary>Source and destination are one: nothing to do for it.</summary>
    Same,
    /// <summary>A controller was asked.</summary>
    CanAttach,
    /// <summary>A controller that had agreed took it back.</summary>
    CancelAttach,
    /// <summary>Everybody agreed: from here on nothing fails.</summary>
    Commit,
    /// <summary>A task's css_set was changed.</summary>
    Moved,
    /// <summary>A controller was told that the tasks have moved.</summary>
    Attach,
    /// <summary>A controller was told so again, without locks.</summary>
    PostAttach,
    /// <summary>The migration is over: <see cref="Errno"/> says how.</summary>
    End,
}

/// <summary>One thing that happened in a migration.</summary>
public sealed record MigrationEvent
{
    /// <summary>What.</summary>
    public required MigrationPhase Phase { get; init; }
    /// <summary>When, in nanoseconds since boot.</summary>
    public required long TimeNs { get; init; }
    /// <summary>The task, where it is about one; the first of those that move at the beginning.</summary>
    public TaskStruct? Task { get; init; }
    /// <summary>How many tasks, at the beginning, at a source, at the commit.</summary>
    public int Tasks { get; init; }
    /// <summary>The css_set that is left.</summary>
    public CssSet? From { get; init; }
    /// <summary>The css_set that is entered.</summary>
    public CssSet? To { get; init; }
    /// <summary>The css_set was made for this migration.</summary>
    public bool IsNew { get; init; }
    /// <summary>The cgroup that tasks enter.</summary>
    public Cgroup? Destination { get; init; }
    /// <summary>The controller, where it is about one.</summary>
    public Controller? Controller { get; init; }
    /// <summary>What a controller, or the whole, came to.</summary>
    public Errno Errno { get; init; }
    /// <summary>What a controller did, in words; null = nothing worth a word.</summary>
    public string? Note { get; init; }
}
