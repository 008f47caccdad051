using Ullage.Abi;
using Ullage.Abi.Units;
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

/// <summary><c>create_files</c>: files with so many bytes each, written page by page.</summary>
internal sealed class CreateFilesStep(CreateFilesOperation operation, StepContext context) : NumberedFilesStep(operation.Directory, operation.Count, context)
{
    protected override Errno Call(long number)
    {
        Errno errno = Context.Machine.CreateFile(Context.Task, Directory, number);
        return errno == Errno.None && operation.Bytes > 0 ? Fill(number) : errno;
    }

    private Errno Fill(long number)
    {
        (Errno errno, FileHandle? file) = Context.Machine.OpenData(DataPath.Of(operation.Directory, number), create: true);
        if (file is null)
        {
            return errno;
        }
        for (long at = 0; at < operation.Bytes && errno == Errno.None; at += KernelConstants.PageSize)
        {
            (errno, _) = Context.Machine.WriteData(Context.Task, file, at, Math.Min(KernelConstants.PageSize, operation.Bytes - at));
        }
        Context.Machine.CloseData(file);
        return errno;
    }
}

/// <summary><c>unlink_files</c>: removes them, and what they hold of the page cache.</summary>
internal sealed class UnlinkFilesStep(UnlinkFilesOperation operation, StepContext context) : NumberedFilesStep(operation.Directory, operation.Count, context)
{
    protected override Errno Call(long number)
    {
        Errno errno = Context.Machine.UnlinkFile(Context.Task, Directory, number);
        if (errno == Errno.None)
        {
            _ = Context.Machine.UnlinkData(DataPath.Of(operation.Directory, number)); // an empty one has no pages
        }
        return errno;
    }
}

/// <summary>The path of a numbered file.</summary>
internal static class DataPath
{
    public static string Of(string directory, long number) => FormattableString.Invariant($"{directory.TrimEnd('/')}/{number}");
}
