using Ullage.Abi;
using Ullage.Lab.Scenarios;
using Ullage.Model.Pages;

namespace Ullage.Lab.Targets.Model.Steps;

/// <summary><c>set_mempolicy</c>: where the process's memory comes from.</summary>
internal sealed class SetMempolicyStep(SetMempolicyOperation operation, StepContext context) : ModelStep(context)
{
    public override StepOutcome Run() => Answer(Context.Machine.SetMempolicy(Context.Task, ModeOf(operation.Kind), MaskOf(operation.Nodes)));

    public static PolicyMode? ModeOf(PolicyKind kind) => kind switch
    {
        PolicyKind.Bind => PolicyMode.Bind,
        PolicyKind.Preferred => PolicyMode.Preferred,
        PolicyKind.Interleave => PolicyMode.Interleave,
        _ => null,
    };

    public static NodeMask MaskOf(IReadOnlyList<int> nodes)
    {
        ulong bits = 0;
        foreach (int node in nodes)
        {
            bits |= 1UL << node;
        }
        return new NodeMask(bits);
    }
}

/// <summary><c>mbind</c>: where a region's pages come from.</summary>
internal sealed class MbindStep(MbindOperation operation, StepContext context) : ModelStep(context)
{
    public override StepOutcome Run()
    {
        Region region = Context.RegionOf(operation.Region, operation);
        return Answer(region.Address < 0 ? Errno.EINVAL : Context.Machine.Mbind(
            Context.Task, region.Address, PageAlign(region.Bytes), SetMempolicyStep.ModeOf(operation.Kind), SetMempolicyStep.MaskOf(operation.Nodes)));
    }
}
