using System.Globalization;
using Ullage.Abi;
using Ullage.Abi.Units;
using Ullage.Model.Charging;
using Ullage.Model.Oom;
using Ullage.Model.Tracing;

namespace Ullage.Model.Pages;

/// <summary>
/// The report of an allocation that failed although its caller may wait: who, for what, from where, and where the machine's memory is. At most ten
/// in five seconds, of which one a second shows Mem-Info.
/// </summary>
[Kernel("warn_alloc", "mm/page_alloc.c", Deviation = "Nothing is held back for stalls that only last long.")]
internal sealed class AllocationWarning
{
    private const long SecondNs = 1_000_000_000;

    private readonly Machine _machine;
    private readonly OomGfp _gfp;
    private readonly OomStack _stack;
    private readonly MemInfoReport _memInfo;
    private readonly RateLimit _warnings;
    private readonly RateLimit _memInfos;

    public AllocationWarning(Machine machine)
    {
        _machine = machine;
        _gfp = new OomGfp(machine.Era);
        _stack = new OomStack(machine);
        _memInfo = new MemInfoReport(machine);
        _warnings = new RateLimit(machine, "warn_alloc");
        _memInfos = new RateLimit(machine, "warn_alloc_show_mem", SecondNs, burst: 1);
    }

    /// <summary>A page could not be had.</summary>
    /// <param name="task">Whose.</param>
    /// <param name="gfp">What its allocation could do.</param>
    /// <param name="nodes">The nodes of a memory policy that binds; null = none does.</param>
    public void PageFailed(TaskStruct task, Gfp gfp, NodeMask? nodes = null)
    {
        OomContext oc = new() { Current = task, Gfp = gfp, InFault = task.InUserFault, Nodes = nodes };
        Warn(oc, "page allocation failure: order:0", _stack.GlobalFrames(oc));
    }

    /// <summary>A kernel stack's pages could not be had where each of them is charged when it is allocated (4.15).</summary>
    [Kernel("__vmalloc_area_node", "mm/vmalloc.c")]
    public void StackFailed(TaskStruct task, int allocatedPages, int pages)
    {
        const long page = KernelConstants.PageSize;
        string what = string.Create(CultureInfo.InvariantCulture,
            $"vmalloc: allocation failure, allocated {allocatedPages * page} of {(pages + 1) * page} bytes"); // with the guard page
        Warn(new OomContext { Current = task, Gfp = Gfp.KernelAccount }, what, ["__vmalloc_node_range", .. _machine.Era.Paths.ForkCall]);
    }

    private void Warn(OomContext oc, string what, IReadOnlyList<string> frames)
    {
        if ((oc.Gfp & Gfp.NoWarn) != 0 || !_warnings.Passes())
        {
            return;
        }
        bool old = _machine.Era.Report.CpusetLine;
        string text = $"{oc.Current!.Comm}: {what}, mode:{_gfp.Text(oc)}";
        if (_machine.Era.Gfp.Names)
        {
            text += ", nodemask=" + OomReport.NodesText(oc) + (old ? "" : $",cpuset={OomReport.CpusetOf(oc.Current)},mems_allowed={_machine.Oom.AllowedTo(oc.Current)}");
        }
        _machine.Log.Write(PrintkLevel.Warning, text);
        if (old && _machine.Era.Gfp.Names)
        {
            _machine.Log.Write(PrintkLevel.Info, $"{oc.Current.Comm} cpuset={OomReport.CpusetOf(oc.Current)} mems_allowed={_machine.Oom.AllowedTo(oc.Current)}");
        }
        _stack.Dump(oc, [_machine.Era.Gfp.Names ? "warn_alloc" : "warn_alloc_failed", .. frames]);
        if (_memInfos.Passes())
        {
            _memInfo.Dump(isHopeless: false, oc.Nodes ?? _machine.Oom.AllowedTo(oc.Current));
        }
    }
}
