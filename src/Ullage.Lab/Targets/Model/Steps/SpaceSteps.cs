using Ullage.Abi;
using Ullage.Abi.Units;
using Ullage.Lab.Scenarios;
using Ullage.Model.AddressSpace;

namespace Ullage.Lab.Targets.Model.Steps;

/// <summary><c>mremap</c>: resizes a region; it may move.</summary>
internal sealed class MremapStep(MremapOperation operation, StepContext context) : ModelStep(context)
{
    public override StepOutcome Run()
    {
        Region region = Context.RegionOf(operation.Region, operation);
        (Errno errno, long address) = region.Address < 0
            ? (Errno.EINVAL, 0)
            : Context.Machine.Mremap(Context.Task, region.Address, PageAlign(region.Bytes), PageAlign(operation.Bytes), mayMove: true);
        if (errno == Errno.None)
        {
            Context.Regions[operation.Region] = new Region(address, operation.Bytes);
        }
        return Answer(errno);
    }
}

/// <summary><c>brk</c>: moves the program break by so many bytes, as sbrk(3) does. Counts bytes.</summary>
internal sealed class BrkStep(BrkOperation operation, StepContext context) : ModelStep(context)
{
    public override long Requested => operation.Bytes;

    public override StepOutcome Run()
    {
        long before = Context.Machine.Brk(Context.Task, 0);
        long wanted = operation.Bytes > long.MaxValue - before ? long.MaxValue : before + operation.Bytes;
        bool moved = wanted >= 0 && Context.Machine.Brk(Context.Task, wanted) == wanted;
        StepOutcome outcome = Answer(moved ? Errno.None : Errno.ENOMEM);
        Done = outcome.Next == StepNext.Done ? operation.Bytes : 0;
        return outcome;
    }
}

/// <summary><c>exec</c>: replaces the address space. The new program then faults in what a program uses when it starts; the list goes on in it.</summary>
internal sealed class ExecStep(ExecOperation operation, StepContext context) : ModelStep(context)
{
    private List<(long Page, bool Write)>? _warm;
    private int _next;

    public override StepOutcome Run()
    {
        if (_warm is null)
        {
            Errno errno = Context.Machine.Exec(Context.Task, operation.ProgramName);
            if (errno != Errno.None)
            {
                return Answer(errno);
            }
            Context.Regions.Clear();
            _warm = PagesOf(Context.Task.Mm!);
        }
        for (; _next < _warm.Count; _next++)
        {
            if (Context.OverBudget)
            {
                return StepOutcome.Ready;
            }
            StepOutcome outcome = Context.Access(_warm[_next].Page << KernelConstants.PageShift, _warm[_next].Write);
            if (outcome.Next != StepNext.Done)
            {
                return outcome;
            }
        }
        return Answer(Errno.None);
    }

    /// <summary>Every page of the program: text and data are read, heap, runtime and stack written.</summary>
    private static List<(long Page, bool Write)> PagesOf(Mm mm)
    {
        List<(long Page, bool Write)> pages = [];
        foreach (Vma vma in mm.Vmas)
        {
            bool write = (vma.Flags & (VmaFlags.Write | VmaFlags.File)) == VmaFlags.Write;
            for (long page = vma.StartPage; page < vma.EndPage; page++)
            {
                pages.Add((page, write));
            }
        }
        return pages;
    }
}
