using Ullage.Lab.Scenarios;

namespace Ullage.Lab.Targets.Model.Steps;

/// <summary>Makes the step of an operation.</summary>
internal static class StepFactory
{
    public static ModelStep Make(Operation operation, StepContext context) => operation switch
    {
        GrowOperation o => new GrowStep(o, context),
        MmapOperation o => new MmapStep(o, context),
        TouchOperation o => new TouchStep(o, context),
        MunmapOperation o => new MunmapStep(o, context),
        MprotectOperation o => new MprotectStep(o, context),
        MadviseOperation o => new MadviseStep(o, context),
        MremapOperation o => new MremapStep(o, context),
        BrkOperation o => new BrkStep(o, context),
        MallocOperation o => new MallocStep(o, context),
        FreeOperation o => new FreeStep(o, context),
        ExecOperation o => new ExecStep(o, context),
        ForkOperation o => new ForkStep(o, context),
        WaitOperation => new WaitStep(context),
        RepeatOperation o => new RepeatStep(o, context),
        InterleaveOperation o => new InterleaveStep(o, context),
        SleepOperation o => new SleepStep(o, context),
        PauseOperation => new PauseStep(context),
        EchoOperation o => new EchoStep(o, context),
        SockOperation o => new SockStep(o, context),
        MkdirOperation o => new CgroupStep(o.Path, make: true, context),
        RmdirOperation o => new CgroupStep(o.Path, make: false, context),
        MoveOperation o => new MoveStep(o, context),
        KillOperation o => new KillStep(o, context),
        ExitOperation o => new ExitStep(o.Status, context),
        CreateFilesOperation o => new CreateFilesStep(o, context),
        UnlinkFilesOperation o => new UnlinkFilesStep(o, context),
        StatMissingOperation o => new StatMissingStep(o, context),
        ReadOperation o => new ReadStep(o, context),
        WriteOperation o => new WriteStep(o, context),
        _ => throw ModelSupport.NotSupported(operation.Name, operation, context.Process.Name),
    };
}
