using Ullage.Abi;
using Ullage.Lab.Scenarios;
using Ullage.Model.Files;

namespace Ullage.Lab.Targets.Model.Steps;

/// <summary>A system call for each of the files <c>1</c>, <c>2</c>, … of a directory, until one fails.</summary>
internal abstract class NumberedFilesStep(string directory, long count, StepContext context) : ModelStep(context)
{
    protected DiskDirectory Directory { get; } = context.Machine.Directory(directory);

    public sealed override long Requested => count;

    public sealed override StepOutcome Run()
    {
        while (Done < count)
        {
            if (Context.OverBudget)
            {
                return StepOutcome.Ready;
            }
            StepOutcome outcome = Answer(Call(Done + 1));
            if (outcome.Next != StepNext.Done)
            {
                return outcome;
            }
        }
        return StepOutcome.Done;
    }

    protected abstract Errno Call(long number);
}

/// <summary><c>create_files</c>: empty files.</summary>
internal sealed class CreateFilesStep(CreateFilesOperation operation, StepContext context) : NumberedFilesStep(operation.Directory, operation.Count, context)
{
    protected override Errno Call(long number) => Context.Machine.CreateFile(Context.Task, Directory, number);
}

/// <summary><c>unlink_files</c>: removes them.</summary>
internal sealed class UnlinkFilesStep(UnlinkFilesOperation operation, StepContext context) : NumberedFilesStep(operation.Directory, operation.Count, context)
{
    protected override Errno Call(long number) => Context.Machine.UnlinkFile(Context.Task, Directory, number);
}
