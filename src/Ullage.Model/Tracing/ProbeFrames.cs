using Ullage.Model.Eras;

namespace Ullage.Model.Tracing;

/// <summary>Puts call stacks together from what an era's build is known to show.</summary>
internal sealed class ProbeFrames(KernelEra era)
{
    private readonly CallPaths _paths = era.Paths;

    public bool Exists(KernelFunction function) => function switch
    {
        KernelFunction.PsiMemstallEnter => era.Pressure.Exists,
        KernelFunction.HandleOverHigh => era.Charging.High != HighThrottleRule.ReclaimInCharge,
        _ => true,
    };

    public string NameOf(KernelFunction function) => function switch
    {
        KernelFunction.PsiMemstallEnter => "psi_memstall_enter",
        KernelFunction.PageCounterTryCharge => "page_counter_try_charge",
        KernelFunction.TryToFreeMemCgroupPages => "try_to_free_mem_cgroup_pages",
        KernelFunction.HandleOverHigh => "mem_cgroup_handle_over_high",
        KernelFunction.ReclaimHigh => "reclaim_high",
        KernelFunction.MemCgroupOutOfMemory => "mem_cgroup_out_of_memory",
        KernelFunction.OutOfMemory => "out_of_memory",
        _ => "oom_kill_process",
    };

    /// <summary>The stack of a call, innermost first.</summary>
    public IReadOnlyList<string> Of(KernelFunction function, KernelPath path, bool inFault)
    {
        List<string> frames = [NameOf(function)];
        switch (function)
        {
            case KernelFunction.PsiMemstallEnter:
                if (era.Pressure.ReclaimIsStall && !path.Throttle)
                {
                    frames.Add("try_to_free_mem_cgroup_pages");
                }
                AddReclaim(frames, path, inFault);
                break;
            case KernelFunction.TryToFreeMemCgroupPages:
                AddReclaim(frames, path, inFault);
                break;
            case KernelFunction.PageCounterTryCharge:
                AddCharge(frames, path, inFault, withTryCharge: !path.KmemCounter);
                break;
            case KernelFunction.HandleOverHigh:
                AddHigh(frames, path, inFault);
                break;
            case KernelFunction.ReclaimHigh:
                AddReclaimHigh(frames, path, inFault);
                break;
            default:
                AddOom(frames, function, path, inFault);
                break;
        }
        if (_paths.ProbeHidesCaller && frames.Count > 2)
        {
            frames.RemoveAt(1);
        }
        return frames;
    }

    private void AddReclaim(List<string> frames, KernelPath path, bool inFault)
    {
        switch (path.Site)
        {
            case KernelSite.HighOnReturn or KernelSite.HighInCharge:
                if (!path.Throttle)
                {
                    frames.Add("reclaim_high");
                }
                AddReclaimHigh(frames, path, inFault);
                break;
            case KernelSite.LimitWrite or KernelSite.MaxWrite or KernelSite.ReclaimWrite or KernelSite.ForceEmptyWrite:
                frames.Add(HandlerOf(path.Site));
                frames.AddRange(_paths.ControlWrite);
                break;
            default:
                AddCharge(frames, path, inFault, withTryCharge: true);
                break;
        }
    }

    private static string HandlerOf(KernelSite site) => site switch
    {
        KernelSite.LimitWrite => "mem_cgroup_write",
        KernelSite.MaxWrite => "memory_max_write",
        KernelSite.ReclaimWrite => "memory_reclaim",
        _ => "mem_cgroup_force_empty_write",
    };

    private void AddReclaimHigh(List<string> frames, KernelPath path, bool inFault)
    {
        if (era.Charging.High == HighThrottleRule.ReclaimInCharge)
        {
            AddCharge(frames, path, inFault, withTryCharge: true);
            return;
        }
        frames.Add("mem_cgroup_handle_over_high");
        AddHigh(frames, path, inFault);
    }

    private void AddHigh(List<string> frames, KernelPath path, bool inFault)
    {
        if (path.Site == KernelSite.HighInCharge)
        {
            AddCharge(frames, path, inFault, withTryCharge: true);
        }
        else
        {
            frames.AddRange(_paths.ReturnFromFault);
        }
    }

    private void AddOom(List<string> frames, KernelFunction function, KernelPath path, bool inFault)
    {
        if (function == KernelFunction.OomKillProcess)
        {
            frames.Add("out_of_memory");
        }
        if (path.Site == KernelSite.Global)
        {
            AddGlobal(frames, inFault);
            return;
        }
        if (function != KernelFunction.MemCgroupOutOfMemory)
        {
            frames.Add("mem_cgroup_out_of_memory");
        }
        if (path.Site == KernelSite.FaultEnd)
        {
            frames.AddRange(_paths.FaultEnd);
        }
        else if (path.Site == KernelSite.MaxWrite)
        {
            frames.Add(HandlerOf(path.Site));
            frames.AddRange(_paths.ControlWrite);
        }
        else
        {
            AddCharge(frames, path, inFault, withTryCharge: true);
        }
    }

    private void AddGlobal(List<string> frames, bool inFault)
    {
        foreach (string frame in era.Report.Stacks.Global)
        {
            if (!frame.StartsWith("out_of_memory", StringComparison.Ordinal))
            {
                frames.Add(frame);
            }
        }
        frames.AddRange(inFault ? _paths.GlobalFault : _paths.GlobalCall);
    }

    private void AddCharge(List<string> frames, KernelPath path, bool inFault, bool withTryCharge)
    {
        if (withTryCharge)
        {
            frames.Add(era.Charging.FunctionName);
        }
        frames.AddRange((path.Thing, inFault) switch
        {
            (ChargedThing.Page, _) => _paths.AnonFault,
            (ChargedThing.Table, true) => _paths.TableFault,
            (ChargedThing.Slab, true) => _paths.SlabFault,
            (ChargedThing.Table, false) => _paths.TableFork,
            (ChargedThing.Slab, false) => path.Entry switch { KernelEntry.Fork => _paths.SlabFork, KernelEntry.Split => _paths.SlabSplit, _ => _paths.SlabMmap },
            _ => _paths.StackFork,
        });
    }
}
