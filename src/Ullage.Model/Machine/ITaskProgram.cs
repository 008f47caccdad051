namespace Ullage.Model;

/// <summary>What a task does when it has a CPU. State that outlives a step is in the implementation's fields.</summary>
public interface ITaskProgram
{
    /// <summary>Runs system calls of <paramref name="task"/> for about <paramref name="budgetNs"/> of machine time (see <see cref="Machine.CallNs"/>), then says how it goes on.</summary>
    ProgramStep Run(Machine machine, TaskStruct task, long budgetNs);
}

/// <summary>How a program goes on after a step.</summary>
public enum ProgramNext
{
    /// <summary>It has more to do.</summary>
    Ready,
    /// <summary>It sleeps for a time.</summary>
    Sleep,
    /// <summary>It sleeps until something wakes it (a child's end, an OOM's end).</summary>
    Blocked,
    /// <summary>It exits with a status.</summary>
    Exit,
}

/// <summary>How a program goes on after a step.</summary>
/// <param name="Next">The kind.</param>
/// <param name="Value">Nanoseconds to sleep, or the exit status.</param>
public readonly record struct ProgramStep(ProgramNext Next, long Value = 0);
