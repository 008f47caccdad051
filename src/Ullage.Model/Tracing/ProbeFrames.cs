using Ullage.Model.AddressSpace.Malloc;
using Ullage.Model.Eras;

namespace Ullage.Model.Tracing;

/// <summary>Puts call stacks together from what an era's build is known to show.</summary>
internal sealed partial class ProbeFrames(KernelEra era, GlibcRules glibc)
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
        KernelFunction.PagefaultOutOfMemory => "pagefault_out_of_memory",
        KernelFunction.MemCgroupOomSynchronize => "mem_cgroup_oom_synchronize",
        KernelFunction.HandleMmFault => "handle_mm_fault",
        KernelFunction.VmEnoughMemory => "__vm_enough_memory",
        KernelFunction.MmapRegion => "mmap_region",
        KernelFunction.DoBrk => _paths.BrkCall[0],
        KernelFunction.CopyProcess => _paths.ForkCall[0],
        KernelFunction.DAlloc => "__d_alloc",
        KernelFunction.SlabOutOfMemory => "slab_out_of_memory",
        KernelFunction.Printk => _paths.Printk,
        KernelFunction.LibcMalloc => "__libc_malloc",
        KernelFunction.IntMalloc => "_int_malloc",
        KernelFunction.Sysmalloc => "sysmalloc",
        KernelFunction.LibcFree => "__libc_free",
        _ => "oom_kill_process",
    };

    /// <summary>A function of the C library: a probe of the program, not of the kernel.</summary>
    private static bool IsOfLibrary(KernelFunction function) =>
        function is KernelFunction.LibcMalloc or KernelFunction.IntMalloc or KernelFunction.Sysmalloc or KernelFunction.LibcFree;

    /// <summary>The stack of a call, innermost first. Where the C library made the system call, its frames follow the kernel's.</summary>
    public IReadOnlyList<string> Of(KernelFunction function, KernelPath path, bool inFault)
    {
        List<string> frames = [];
        if (IsOfLibrary(function))
        {
            AddLibrary(frames, function, path);
            return frames;
        }
        frames.Add(NameOf(function));
        AddCallers(frames, function, path, inFault);
        if (_paths.ProbeHidesCaller && frames.Count > 2)
        {
            frames.RemoveAt(1);
        }
        if (path.Root != MallocRoot.None && !inFault)
        {
            AddLibraryCall(frames, path);
        }
        return frames;
    }

    private void AddCallers(List<string> frames, KernelFunction function, KernelPath path, bool inFault)
    {
        switch (function)
        {
            case KernelFunction.PsiMemstallEnter:
                if (path.Site is KernelSite.FileSubmit or KernelSite.FileWait)
                {
                    AddFileStall(frames, path, inFault);
                    break;
                }
                if (era.Pressure.ReclaimIsStall && !path.Throttle && path.Site is not (KernelSite.Global or KernelSite.Kswapd or KernelSite.Compaction))
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
            case KernelFunction.MemCgroupOutOfMemory or KernelFunction.OutOfMemory or KernelFunction.OomKillProcess:
                AddOom(frames, function, path, inFault);
                break;
            default:
                AddOther(frames, function, path, inFault);
                break;
        }
    }

    /// <summary>Functions that have one way to them, or one per system call.</summary>
    private void AddOther(List<string> frames, KernelFunction function, KernelPath path, bool inFault)
    {
        switch (function)
        {
            case KernelFunction.VmEnoughMemory:
                frames.Add("security_vm_enough_memory_mm");
                frames.AddRange(inFault ? ["acct_stack_growth", "expand_stack", .. After(_paths.Fault, "handle_mm_fault")] : CallOf(path.Entry));
                break;
            case KernelFunction.Printk when path.SlabReport:
                frames.Add("slab_out_of_memory");
                frames.AddRange(_paths.SlabReport);
                frames.AddRange(SlabUser(path, inFault));
                break;
            case KernelFunction.Printk when path.OomReport:
                frames.AddRange(["dump_header", "oom_kill_process"]);
                AddOom(frames, KernelFunction.OomKillProcess, path, inFault);
                break;
            case KernelFunction.Printk:
                break; // from elsewhere: callers are not known
            case KernelFunction.SlabOutOfMemory:
                frames.AddRange(_paths.SlabReport);
                frames.AddRange(SlabUser(path, inFault));
                break;
            case KernelFunction.PagefaultOutOfMemory or KernelFunction.MemCgroupOomSynchronize:
                frames.AddRange(After(_paths.FaultEnd, NameOf(function)));
                break;
            case KernelFunction.DAlloc:
                frames.AddRange(After(SlabUser(path, inFault: false), "__d_alloc"));
                break;
            case KernelFunction.HandleMmFault:
                frames.AddRange(After(_paths.Fault, "handle_mm_fault"));
                break;
            default:
                frames.AddRange(After(CallOf(path.Entry), NameOf(function)));
                break;
        }
    }

    private IReadOnlyList<string> CallOf(KernelEntry entry) => entry switch
    {
        KernelEntry.Brk => _paths.BrkCall,
        KernelEntry.Mprotect or KernelEntry.Split => _paths.MprotectCall,
        KernelEntry.Mremap => _paths.MremapCall,
        KernelEntry.Fork => _paths.ForkCall,
        KernelEntry.Exec => _paths.ExecCall,
        _ => _paths.MmapCall,
    };

    /// <summary>What stands behind a frame; everything where it is not.</summary>
    private static List<string> After(IReadOnlyList<string> frames, string frame)
    {
        List<string> rest = [.. frames];
        rest.RemoveRange(0, rest.IndexOf(frame) + 1);
        return rest;
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
            case KernelSite.Global:
                AddGlobal(frames, path, inFault);
                break;
            case KernelSite.Compaction:
                frames.Add("__alloc_pages_direct_compact");
                AddGlobal(frames, path, inFault);
                break;
            case KernelSite.Kswapd:
                frames.AddRange(_paths.Files.Kswapd);
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
            AddGlobal(frames, path, inFault);
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

    private void AddGlobal(List<string> frames, KernelPath path, bool inFault)
    {
        foreach (string frame in era.Report.Stacks.Global)
        {
            if (!frame.StartsWith("out_of_memory", StringComparison.Ordinal))
            {
                frames.Add(frame);
            }
        }
        if (path.Way != FileWay.None)
        {
            frames.AddRange(_paths.Files.Allocate);
            AddFileUser(frames, path.Way, inFault);
            return;
        }
        if (path.Site == KernelSite.Compaction)
        {
            frames.Add("new_slab"); // nothing else asks for several frames at once
            frames.AddRange(_paths.SlabReport);
            frames.AddRange(SlabUser(path, inFault));
            return;
        }
        frames.AddRange(inFault ? _paths.GlobalFault : _paths.GlobalCall);
    }

    private void AddCharge(List<string> frames, KernelPath path, bool inFault, bool withTryCharge)
    {
        if (withTryCharge)
        {
            frames.Add(era.Charging.FunctionName);
        }
        if (path.Way != FileWay.None)
        {
            AddFileCharge(frames, path, inFault);
            return;
        }
        if (path.Thing == ChargedThing.Slab)
        {
            bool isName = path.Entry is KernelEntry.Lookup or KernelEntry.Open or KernelEntry.Unlink && !inFault;
            frames.AddRange(isName ? _paths.SlabLookup : _paths.SlabCharge);
            frames.AddRange(SlabUser(path, inFault));
            return;
        }
        frames.AddRange((path.Thing, inFault) switch
        {
            (ChargedThing.Page, _) => _paths.AnonFault,
            (ChargedThing.Table, true) => _paths.TableFault,
            (ChargedThing.Table, false) => _paths.TableFork,
            _ => _paths.StackFork,
        });
    }
}
