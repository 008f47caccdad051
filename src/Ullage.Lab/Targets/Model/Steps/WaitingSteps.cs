using Ullage.Lab.Scenarios;

namespace Ullage.Lab.Targets.Model.Steps;

/// <summary><c>sleep</c> for a time.</summary>
internal sealed class SleepStep(SleepOperation operation, StepContext context) : ModelStep(context)
{
    private readonly long _untilNs = context.Machine.TimeNs + operation.Ns;

    public override StepOutcome Run()
    {
        long left = _untilNs - Context.Machine.TimeNs;
        if (left > 0)
        {
            return new StepOutcome(StepNext.Sleep, left);
        }
        Context.Machine.EnterSyscall();
        Done++;
        return StepOutcome.Done;
    }
}

/// <summary><c>pause</c> until the scenario ends.</summary>
internal sealed class PauseStep(StepContext context) : ModelStep(context)
{
    public override StepOutcome Run() => StepOutcome.Blocked;
}

/// <summary><c>wait</c> for all children.</summary>
internal sealed class WaitStep(StepContext context) : ModelStep(context)
{
    public override StepOutcome Run()
    {
        Context.Machine.EnterSyscall();
        while (Context.Machine.Wait(Context.Task, out bool anyChild) is not null || !anyChild)
        {
            if (!anyChild)
            {
                Done++;
                return StepOutcome.Done;
            }
        }
        Context.Process.WaitsForChild = true;
        return StepOutcome.Blocked;
    }
}
