using Ullage.Abi;
using Ullage.Lab.Scenarios;
using Ullage.Model;
using Ullage.Model.AddressSpace;
using Ullage.Model.Files;

namespace Ullage.Lab.Targets.Model.Steps;

/// <summary><c>mmap</c> of anonymous memory, private or shared, or of a file, shared.</summary>
internal sealed class MmapStep(MmapOperation operation, StepContext context) : ModelStep(context)
{
    private long _address = -1; // of the mapping that is being populated
    private long _populated;

    public override StepOutcome Run()
    {
        if (_address >= 0)
        {
            return Populate();
        }
        VmaFlags flags = ProtectionOf(operation.Protection) | (operation.NoReserve ? VmaFlags.NoReserve : VmaFlags.None)
            | (operation.Kind == MapKind.Anon ? VmaFlags.None : VmaFlags.Shared);
        (Errno errno, long address) = operation.Kind == MapKind.File ? MapFile(flags) : Context.Machine.Mmap(Context.Task, operation.Bytes, flags);
        if (errno == Errno.None)
        {
            Context.Regions[operation.Region] = new Region(address, operation.Bytes);
            if (operation.Populate)
            {
                _address = address;
                return Populate();
            }
        }
        else
        {
            Context.Regions.TryAdd(operation.Region, new Region(-1, operation.Bytes)); // MAP_FAILED: who uses it all the same gets SIGSEGV
        }
        return Answer(errno);
    }

    /// <summary>It may sleep for long inside the call, throttled by memory.high.</summary>
    private StepOutcome Populate()
    {
        _populated = Context.Machine.Populate(Context.Task, _address, operation.Bytes, _populated, Context.BudgetNs);
        return _populated < Pages(operation.Bytes) && !Context.Task.FatalSignalPending ? StepOutcome.Ready : Answer(Errno.None);
    }

    /// <summary>The file is open only until it is mapped.</summary>
    private (Errno Errno, long Address) MapFile(VmaFlags flags)
    {
        (Errno errno, FileHandle? file) = Context.Machine.OpenData(operation.File ?? "/");
        if (file is null)
        {
            return (errno, 0);
        }
        (Errno Errno, long Address) mapped = Context.Machine.MmapData(Context.Task, file, operation.Bytes, flags);
        Context.Machine.CloseData(file);
        return mapped;
    }

    public static VmaFlags ProtectionOf(MapProtection protection) => protection switch
    {
        MapProtection.Rw => VmaFlags.Read | VmaFlags.Write,
        MapProtection.R => VmaFlags.Read,
        _ => VmaFlags.None,
    };
}

/// <summary><c>munmap</c> of a region, or of its end.</summary>
internal sealed class MunmapStep(MunmapOperation operation, StepContext context) : ModelStep(context)
{
    public override StepOutcome Run()
    {
        Region region = Context.RegionOf(operation.Region, operation);
        long mapped = PageAlign(region.Bytes);
        long bytes = Math.Min(PageAlign(operation.Bytes ?? region.Bytes), mapped);
        Errno errno = region.Address < 0 ? Errno.EINVAL : Context.Machine.Munmap(Context.Task, region.Address + mapped - bytes, bytes);
        if (errno == Errno.None)
        {
            Context.Regions[operation.Region] = region with { Bytes = mapped - bytes };
        }
        return Answer(errno);
    }
}

/// <summary><c>mprotect</c> of a region.</summary>
internal sealed class MprotectStep(MprotectOperation operation, StepContext context) : ModelStep(context)
{
    public override StepOutcome Run()
    {
        Region region = Context.RegionOf(operation.Region, operation);
        return Answer(region.Address < 0 ? Errno.EINVAL
            : Context.Machine.Mprotect(Context.Task, region.Address, PageAlign(region.Bytes), MmapStep.ProtectionOf(operation.Protection)));
    }
}

/// <summary><c>madvise</c> on a region.</summary>
internal sealed class MadviseStep(MadviseOperation operation, StepContext context) : ModelStep(context)
{
    public override StepOutcome Run()
    {
        Region region = Context.RegionOf(operation.Region, operation);
        Advice advice = ModelSupport.AdviceOf(operation.Advice) ?? throw ModelSupport.NotSupported("madvise " + operation.Advice, operation, Context.Process.Name);
        return Answer(region.Address < 0 ? Errno.EINVAL : Context.Machine.Madvise(Context.Task, region.Address, PageAlign(region.Bytes), advice));
    }
}
