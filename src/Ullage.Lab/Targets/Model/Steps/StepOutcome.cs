namespace Ullage.Lab.Targets.Model.Steps;

/// <summary>How a step goes on.</summary>
internal enum StepNext
{
    /// <summary>It is done.</summary>
    Done,
    /// <summary>It ends with an errno.</summary>
    Failed,
    /// <summary>It has more to do in a later slice.</summary>
    Ready,
    /// <summary>It sleeps for a time.</summary>
    Sleep,
    /// <summary>It sleeps until something wakes it.</summary>
    Blocked,
    /// <summary>The process exits with a status.</summary>
    Exit,
    /// <summary>The process has ended, or a signal that ends it is on its way.</summary>
    Dead,
}

/// <summary>How a step goes on.</summary>
/// <param name="Next">The kind.</param>
/// <param name="Value">The errno, nanoseconds to sleep, or the exit status.</param>
internal readonly record struct StepOutcome(StepNext Next, long Value = 0)
{
    public static StepOutcome Done => default;

    public static StepOutcome Ready => new(StepNext.Ready);

    public static StepOutcome Blocked => new(StepNext.Blocked);

    public static StepOutcome Dead => new(StepNext.Dead);

    public static StepOutcome Failed(Abi.Errno errno) => new(StepNext.Failed, (long)errno);
}
