using Ullage.Abi;
using Ullage.Model.AddressSpace;
using Ullage.Model.Cgroups;
using Ullage.Model.Charging;
using Ullage.Model.Eras;
using Ullage.Model.Files;
using Ullage.Model.Kernfs;
using Ullage.Model.Oom;
using Ullage.Model.Pages;
using Ullage.Model.Pressure;
using Ullage.Model.Reclaim;
using Ullage.Model.Slab;
using Ullage.Model.Swap;
using Ullage.Model.Tracing;

namespace Ullage.Model;

/// <summary>
/// One modelled host: the root that owns everything. Processes act through system calls (the other parts of this class);
/// each runs to completion at its start and takes machine time. Nothing is static: two machines side by side do not meet.
/// </summary>
public sealed partial class Machine
{
    private Machine(MachineOptions options)
    {
        Options = options;
        Era = options.Era;
        Costs = options.Costs;
        Random = new SimRandom(options.Seed);
        Log = new KernelLog(this);
        Probes = new Probes(this);
        Psi = new PsiSystem(this);
        Frames = new PageFrames(options);
        Pages = new PageAllocator(this);
        MemcgMemory = new MemcgMemory(this);
        Controllers = new ControllerList(this);
        Hierarchies = CgroupHierarchy.MakeAll(this);
        Hierarchy = CgroupHierarchy.WithMemory(Hierarchies);
        CssSets = new CssSets(this, Hierarchies, Hierarchy.Index);
        Migration = new Migration(this);
        Stock = new MemcgStock(Era, options.PossibleCpus, MemswCounts, Random.Fork("stock")) { Drained = memcg => Hierarchy.Put(memcg, 0) };
        Lru = new LruAdd(this);
        PageBackends = new PageBackends(this);
        Workingset = new Workingset(this);
        LruCosts = new LruCosts(this);
        InactiveRatio = new InactiveRatio(this);
        PageReclaim = new PageReclaim(this);
        ReclaimRetry = new ReclaimRetry(this);
        ReclaimThrottle = new ReclaimThrottle(this);
        NodeReclaim = new NodeReclaim(this);
        Reclaim = new MemcgReclaim(this);
        Kswapds = Array.ConvertAll([.. Frames.Nodes], node => new Kswapd(this, node));
        Charge = new TryCharge(this);
        High = new HighThrottle(this);
        Kmem = new KmemAccounting(this);
        Slab = SlabAccounting.For(this);
        Stacks = new KernelStacks(this);
        Shrinkers = new ShrinkerList(this);
        Inodes = new InodeCache(this);
        Dcache = new DentryCache(this);
        Uncharges = new UnchargeBatch(this);
        Oom = new OomKiller(this);
        Overcommit = new Overcommit(this);
        Deprecations = new Deprecations(this);
        Rmap = new Rmap(this);
        Swap = new SwapSpace(this);
        Faults = new PageFaults(this);
        Scheduler = new Scheduler(this);
        Tasks = new TaskTable(this);
        Files = new ModelFiles(this);
        Pressure = new VmPressure(this);
        PageEvents = new PageEvents(this);
        Protection = new Protection(Era.Limits, options.MemoryRecursiveProt);
        Disk = new Disk(this);
        PageCache = new PageCache(this);
        Shrinkers.Register(new ShadowNodeShrinker(this));
        FileRmap = new FileRmap(this);
        Dirtying = new DirtyThrottle(this);
    }

    /// <summary>Boots a host.</summary>
    /// <exception cref="ArgumentException">An option is out of range; the message names it.</exception>
    public static Machine Boot(MachineOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        Check(options.MemoryBytes >= 16L << 20, "memory must be at least 16 MiB");
        Check(options.MemoryBytes <= 8L << 40, "memory must be at most 8 TiB");
        Check(options.Cpus is >= 1 and <= 1024, "cpus must be 1 to 1024");
        Check(options.PossibleCpus <= 8192, "possible cpus must be at most 8192");
        Check(options.Nodes is >= 1 and <= 64, "nodes must be 1 to 64");
        Check(options.Nodes == 1 || options.MemoryBytes / options.Nodes >= 64L << 20, "nodes must have at least 64 MiB each: give the machine more memory or fewer of them");
        Check(options.Hz is 100 or 250 or 300 or 1000, "hz must be 100, 250, 300 or 1000");
        Check(options.CgroupVersion is 1 or 2, "cgroup version must be 1 or 2");
        Check(options.LogBufferBytes >= 64 << 10, "the log buffer must be at least 64 KiB");
        Check(options.SwapBytes >= 0, "swap must not be negative");
        Check(!options.MemoryRecursiveProt || (options.CgroupVersion == 2 && options.Era.Limits.RecursiveProtOption), "memory_recursiveprot needs cgroup version 2 and a kernel from 5.7");
        Check(!options.MemoryLocalEvents || (options.CgroupVersion == 2 && options.Era.Limits.LocalEventsOption), "memory_localevents needs cgroup version 2 and a kernel from 5.2");
        CgroupHierarchy.Check(options);
        return new Machine(options);
    }

    /// <summary>The directory of a cgroup: <c>/sys/fs/cgroup/memory/a</c> (v1), <c>/sys/fs/cgroup/a</c> (v2).</summary>
    public string CgroupDirectory(Cgroup cgroup)
    {
        ArgumentNullException.ThrowIfNull(cgroup);
        string mount = cgroup.Hierarchy.Directory;
        return cgroup.Parent is null ? mount : mount + cgroup.Path;
    }

    private static void Check(bool holds, string message)
    {
        if (!holds)
        {
            throw new ArgumentException(message);
        }
    }

    /// <summary>What it was booted with.</summary>
    public MachineOptions Options { get; }

    /// <summary>Its kernel.</summary>
    public KernelEra Era { get; }

    /// <summary>Its time.</summary>
    public SimClock Clock { get; } = new();

    /// <summary>Its kernel log.</summary>
    public KernelLog Log { get; }

    /// <summary>Its cgroups, in the hierarchy that has the memory controller.</summary>
    public CgroupHierarchy Hierarchy { get; }

    /// <summary>Its files: /proc and /sys/fs/cgroup.</summary>
    public IKernelFiles Files { get; }

    /// <summary>CPUs and run queues; runs programs.</summary>
    public Scheduler Scheduler { get; }

    /// <summary>Its tasks.</summary>
    public TaskTable Tasks { get; }

    /// <summary>Probes of kernel functions.</summary>
    public Probes Probes { get; }

    /// <summary>Page frames.</summary>
    public PageFrames Frames { get; }

    internal MachineCosts Costs { get; }

    /// <summary>Where in the kernel it is, as far as probes ask.</summary>
    internal KernelPath Path;

    internal SimRandom Random { get; }

    internal MemcgStock Stock { get; }

    internal MemcgMemory MemcgMemory { get; }

    internal MemcgReclaim Reclaim { get; }

    internal TryCharge Charge { get; }

    internal HighThrottle High { get; }

    internal KmemAccounting Kmem { get; }

    internal SlabAccounting Slab { get; }

    internal KernelStacks Stacks { get; }

    internal LruAdd Lru { get; }

    /// <summary>Counters of the whole machine.</summary>
    internal VmCounters Vm { get; } = new();

    internal OomKiller Oom { get; }

    internal Protection Protection { get; }

    internal VmPressure Pressure { get; }

    internal SoftLimitTree SoftLimits { get; } = new();

    internal PageEvents PageEvents { get; }

    internal PageFaults Faults { get; }

    /// <summary>From pages to the page tables that map them.</summary>
    internal Rmap Rmap { get; }

    /// <summary>Warnings that were given.</summary>
    internal Deprecations Deprecations { get; }

    /// <summary>All shared memory.</summary>
    internal ShmemObjects Shared { get; } = new();

    /// <summary>The swap space.</summary>
    internal SwapSpace Swap { get; }

    internal Overcommit Overcommit { get; }

    internal EventQueue Work { get; } = new();

    /// <summary>v1 memory+swap counters are in use.</summary>
    internal bool MemswCounts => Options.CgroupVersion == 1 && Options.SwapAccounting;

    /// <summary>The CPU on which the kernel runs now.</summary>
    public int CurrentCpu { get; internal set; }

    /// <summary>The task for which the kernel runs now; null in interrupts and kernel threads.</summary>
    public TaskStruct? Current { get; internal set; }

    /// <summary>Machine time that the calls since the step began have taken. Programs compare it with their budget.</summary>
    public long CallNs { get; private set; }

    /// <summary>The time inside the current call: nanoseconds since boot.</summary>
    public long TimeNs => Clock.NowNs + CallNs;

    /// <summary>Lets machine time pass inside a call.</summary>
    internal void Spend(long ns) => CallNs += ns;

    /// <summary>Of <see cref="CallNs"/>, the time that the task slept in the kernel: it does not keep the CPU busy.</summary>
    internal long StalledNs { get; private set; }

    internal void ResetCallTime() => (CallNs, StalledNs) = (0, 0);

    /// <summary>Lets time pass inside a call and runs what falls due meanwhile on other CPUs: dying victims, work items.</summary>
    internal void SpendAndRunDue(long ns)
    {
        CallNs += ns;
        RunDueWork(TimeNs);
    }

    /// <summary>Runs deferred kernel work up to a time, as somebody else: the caller's context is kept.</summary>
    internal void RunDueWork(long untilNs)
    {
        if (Work.NextDueNs > untilNs)
        {
            return;
        }
        (int cpu, TaskStruct? current, long callNs, long stalledNs) = (CurrentCpu, Current, CallNs, StalledNs);
        while (Work.NextDueNs <= untilNs && Panicked is null)
        {
            Action run = Work.Take(out _);
            Current = null;
            run();
            (CallNs, StalledNs) = (callNs, stalledNs); // other CPUs' time does not hold this call up
        }
        (CurrentCpu, Current) = (cpu, current);
    }
}
