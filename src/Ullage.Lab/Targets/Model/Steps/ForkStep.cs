using Ullage.Abi;
using Ullage.Lab.Scenarios;
using Ullage.Model;

namespace Ullage.Lab.Targets.Model.Steps;

/// <summary><c>fork</c>: a child with a list of its own and a copy of the regions.</summary>
internal sealed class ForkStep(ForkOperation operation, StepContext context) : ModelStep(context)
{
    public override StepOutcome Run()
    {
        (Errno errno, TaskStruct? child) = Context.Machine.Fork(Context.Task, operation.ChildName);
        if (child is not null)
        {
            Context.Processes.Begin(operation, child, Context);
        }
        return Answer(errno);
    }
}
