using System.Globalization;
using Ullage.Abi;
using Ullage.Model.Charging;
using Ullage.Model.Eras;
using Ullage.Model.Tracing;

namespace Ullage.Model.Oom;

/// <summary>Who ran out of memory, and where in the kernel: the part of a report that dump_stack prints (§12.7).</summary>
[Kernel("dump_stack", "lib/dump_stack.c", Deviation = "The model has no machine code: a frame is the function's name without offset and size, and the registers of user space (RIP, Code and below) are left out. In a system call the trace is fork's for accounted pages and mmap's for the rest; a limit written from outside shows pid 1.")]
internal sealed class OomStack(Machine machine)
{
    private readonly OomReportRules _rules = machine.Era.Report;
    private readonly OomStacks _stacks = machine.Era.Report.Stacks;

    /// <summary>The name of the task that asked.</summary>
    public string CommOf(OomContext oc) => oc.Current?.Comm ?? "init";

    /// <summary>Writes CPU line, hardware line and call trace.</summary>
    public void Dump(OomContext oc, bool kills)
    {
        List<string> frames = [];
        for (int i = 1; i < _stacks.Dump.Count; i++)
        {
            frames.Add(_stacks.Dump[i]);
        }
        if (kills)
        {
            frames.AddRange(_stacks.Kill);
        }
        frames.AddRange(oc.Memcg is null ? _stacks.Global : _stacks.Memcg);
        frames.AddRange(Callers(oc));
        Dump(oc, frames);
    }

    /// <summary>The page allocator and its callers, the killer left out.</summary>
    public IReadOnlyList<string> GlobalFrames(OomContext oc)
    {
        List<string> frames = [];
        foreach (string frame in _stacks.Global)
        {
            if (!frame.StartsWith("out_of_memory", StringComparison.Ordinal))
            {
                frames.Add(frame);
            }
        }
        frames.AddRange(Callers(oc));
        return frames;
    }

    /// <summary>Writes CPU line, hardware line and a call trace: dump_stack and these frames.</summary>
    public void Dump(OomContext oc, IReadOnlyList<string> frames)
    {
        string uid = _rules.CpuLineHasUid ? string.Create(CultureInfo.InvariantCulture, $"UID: {oc.Current?.Signal.Uid ?? 0} ") : "";
        Line(string.Create(CultureInfo.InvariantCulture,
            $"CPU: {machine.CurrentCpu} {uid}PID: {oc.Current?.Pid ?? 1} Comm: {CommOf(oc)} Not tainted {_rules.Banner}"));
        if (machine.Options.HardwareName is { } hardware)
        {
            Line("Hardware name: " + hardware);
        }
        Line("Call Trace:");
        Mark(" <TASK>");
        Line(" " + _stacks.Dump[0]);
        for (int i = 0; i < frames.Count; i++)
        {
            Line(" " + frames[i]);
        }
        Mark(" </TASK>");
    }

    private IReadOnlyList<string> Callers(OomContext oc)
    {
        if (oc.Memcg is null)
        {
            return !oc.InFault ? _stacks.GlobalCall : (oc.Gfp & Gfp.Movable) != 0 ? _stacks.GlobalFault : _stacks.GlobalTableFault;
        }
        bool accounted = (oc.Gfp & Gfp.Account) != 0;
        if (oc.InFault)
        {
            return accounted ? _stacks.TableFault : _stacks.AnonFault;
        }
        return accounted ? _stacks.ForkCall : _stacks.MmapCall;
    }

    private void Mark(string mark)
    {
        if (_rules.TaskMarks)
        {
            Line(mark);
        }
    }

    private void Line(string text) => machine.Log.Write(PrintkLevel.Warning, text);
}
