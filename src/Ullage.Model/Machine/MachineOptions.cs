using Ullage.Model.AddressSpace.Malloc;
using Ullage.Model.Eras;

namespace Ullage.Model;

/// <summary>What a modelled host is made of. Same options and same calls give the same bytes.</summary>
public sealed record MachineOptions
{
    /// <summary>The kernel.</summary>
    public KernelEra Era { get; init; } = KernelEras.Newest;

    /// <summary>The C library of its processes; null = the one of the kernel's time.</summary>
    public GlibcRules? Glibc { get; init; }

    /// <summary>RAM in bytes; at least 16 MiB.</summary>
    public long MemoryBytes { get; init; } = 2L << 30;

    /// <summary>Online CPUs, 1 to 1024.</summary>
    public int Cpus { get; init; } = 2;

    /// <summary>Possible CPUs, at least <see cref="Cpus"/>; 0 = as many.</summary>
    public int PossibleCpus { get => Math.Max(_possibleCpus, Cpus); init => _possibleCpus = value; }

    private readonly int _possibleCpus;

    /// <summary>NUMA nodes.</summary>
    public int Nodes { get; init; } = 1;

    /// <summary>Swap space in bytes.</summary>
    public long SwapBytes { get; init; }

    /// <summary>Timer ticks per second.</summary>
    public int Hz { get; init; } = 250;

    /// <summary>The hierarchy that has the memory controller: 1 or 2.</summary>
    public int CgroupVersion { get; init; } = 2;

    /// <summary>
    /// v1: what is mounted, in this order. Each entry is one hierarchy: its controllers with commas between (<c>memory</c>, <c>memory,pids</c>), or
    /// <c>name=systemd</c>. Exactly one has memory.
    /// </summary>
    public IReadOnlyList<string> V1Hierarchies { get; init; } = ["memory"];

    /// <summary>v1: memory.memsw.* exist and count (swapaccount=1).</summary>
    public bool SwapAccounting { get; init; } = true;

    /// <summary>v1: whether new top-level groups are hierarchical (memory.use_hierarchy of the root). Eras that cannot do otherwise ignore it.</summary>
    public bool RootUseHierarchy { get; init; } = true;

    /// <summary>v2 mount option memory_recursiveprot: protection that no child claims is shared by those that use more (5.7+).</summary>
    public bool MemoryRecursiveProt { get; init; }

    /// <summary>v2 mount option memory_localevents: memory.events counts only what is raised at the cgroup itself (5.2+).</summary>
    public bool MemoryLocalEvents { get; init; }

    /// <summary>PSI is on (psi=1); eras without PSI ignore it.</summary>
    public bool Psi { get; init; } = true;

    /// <summary>The kernel accounts interrupt time, so that irq pressure files exist from 6.1; nothing in the model takes interrupt time.</summary>
    public bool IrqTimeAccounting { get; init; }

    /// <summary>Seed of everything that is left to chance.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>What the kernel log holds, in bytes of text (log_buf_len); beyond it the oldest records are lost. At least 64 KiB.</summary>
    public long LogBufferBytes { get; init; } = 16L << 20;

    /// <summary>The disk below files and swap.</summary>
    public Files.DiskOptions Disk { get; init; } = new();

    /// <summary>What things cost.</summary>
    public MachineCosts Costs { get; init; } = new();

    /// <summary>The hostname-like hardware line of kernel reports; null leaves the line out.</summary>
    public string? HardwareName { get; init; } = "Generic VM";
}

/// <summary>Durations of what the kernel does, in nanoseconds.</summary>
/// <remarks>
/// Measured are medians on a 2-CPU virtual machine with kernel 6.18 (experiment E15): the anonymous fault (1350 to 1450 by limit and depth), missing and
/// cached names, mkdir (42 to 84 µs), rmdir and migration of cgroups, control files. Fitted to where a 6.18 kernel kills in experiment E2, and to nothing
/// else: evicting a dentry, the grace period. Taken from the length of the measured retries between a limit and its kill (E3, order of magnitude):
/// <see cref="FruitlessReclaimNs"/>, <see cref="DeathNs"/>, <see cref="SignalDeliveryNs"/>, <see cref="ReaperWakeNs"/>, <see cref="WorkItemNs"/>,
/// <see cref="OomReportNs"/>. Fitted to the stalls of all file reads under limits on that machine together (E4): <see cref="ReclaimPageNs"/>,
/// <see cref="UnmapFilePageNs"/>, <see cref="ColdReclaimNs"/>. The others are usual values of such machines and were not measured.
/// </remarks>
public sealed record MachineCosts
{
    /// <summary>A first write to an anonymous page, charge included.</summary>
    public int AnonFaultNs { get; init; } = 1400;
    /// <summary>An access to a page that is there.</summary>
    public int AccessNs { get; init; } = 5;
    /// <summary>A short system call.</summary>
    public int SyscallNs { get; init; } = 300;
    /// <summary>mmap or munmap, without the pages.</summary>
    public int MmapNs { get; init; } = 1500;
    /// <summary>Unmapping and freeing one page.</summary>
    public int UnmapPageNs { get; init; } = 100;
    /// <summary>A malloc or free, without system calls.</summary>
    public int MallocNs { get; init; } = 20;
    /// <summary>fork, without the pages.</summary>
    public int ForkNs { get; init; } = 60_000;
    /// <summary>mkdir of a cgroup.</summary>
    public int CgroupMkdirNs { get; init; } = 60_000;
    /// <summary>rmdir of a cgroup.</summary>
    public int CgroupRmdirNs { get; init; } = 84_000;
    /// <summary>Moving a task into a cgroup.</summary>
    public int MigrateNs { get; init; } = 9600;
    /// <summary>Moving one page's charge along with its process: from emulated kernels, by the ratio of other costs.</summary>
    public int MoveChargeNs { get; init; } = 300;
    /// <summary>Writing a control file.</summary>
    public int ControlWriteNs { get; init; } = 3000;
    /// <summary>One memcg reclaim run that finds nothing to reclaim.</summary>
    public int FruitlessReclaimNs { get; init; } = 6000;
    /// <summary>Finding out that compaction would not help.</summary>
    public int CompactionCheckNs { get; init; } = 1000;
    /// <summary>Looking at one page in reclaim, and freeing it, beyond the run's own <see cref="FruitlessReclaimNs"/>.</summary>
    public int ReclaimPageNs { get; init; } = 170;
    /// <summary>Taking a mapped file page out of its page tables in reclaim, the look for references included.</summary>
    public int UnmapFilePageNs { get; init; } = 1300;
    /// <summary>What a reclaim run takes longer when the CPU has not reclaimed for <see cref="ColdAfterNs"/>.</summary>
    public int ColdReclaimNs { get; init; } = 12_000;
    /// <summary>After so long without reclaim its code and data are out of the CPU's caches.</summary>
    public int ColdAfterNs { get; init; } = 1_000_000;
    /// <summary>To give a page a slot, to unmap it and to hand it to the device.</summary>
    public int SwapOutNs { get; init; } = 2500;
    /// <summary>From a fatal signal to the first freed page of the victim.</summary>
    public int DeathNs { get; init; } = 110_000;
    /// <summary>From queueing a victim to the reaper's work.</summary>
    public int ReaperWakeNs { get; init; } = 20_000;
    /// <summary>From a fatal signal to the exit of the task that runs.</summary>
    public int SignalDeliveryNs { get; init; } = 60_000;
    /// <summary>From queueing a work item to its run on another CPU.</summary>
    public int WorkItemNs { get; init; } = 20_000;
    /// <summary>Printing an OOM report.</summary>
    public int OomReportNs { get; init; } = 50_000;
    /// <summary>stat(2) of a name that is not cached and does not exist, with room.</summary>
    public int StatMissNs { get; init; } = 2450;
    /// <summary>stat(2) of a cached name.</summary>
    public int StatCachedNs { get; init; } = 920;
    /// <summary>open(2) with O_CREAT of a new file, and its close.</summary>
    public int CreateFileNs { get; init; } = 15_000;
    /// <summary>unlink(2) of an empty file.</summary>
    public int UnlinkFileNs { get; init; } = 12_000;
    /// <summary>Finding a directory that is not cached.</summary>
    public int DirectoryLookupNs { get; init; } = 30_000;
    /// <summary>Evicting one unused dentry.</summary>
    public int DentryEvictNs { get; init; } = 390;
    /// <summary>
    /// How long, on average, until some other task (a kernel worker, a daemon) gets the CPU of one that works in the kernel: a machine with nothing else to do switches
    /// some 70 times a second. With this and nothing else changed, 6.18 kills at 8 MiB and not at 10 MiB in experiment E2's workload, and no older kernel kills at 50 MiB.
    /// </summary>
    public int OtherTaskEveryNs { get; init; } = 15_000_000;
    /// <summary>Copying one page from or to the page cache, its look-up and the system call included.</summary>
    public int FileCopyNs { get; init; } = 400;
    /// <summary>Adding one page to the page cache, charge included.</summary>
    public int FilePageAddNs { get; init; } = 200;
    /// <summary>How long a task runs before another one gets the CPU.</summary>
    public int SliceNs { get; init; } = 100_000;

    /// <summary>
    /// The same on CPUs that need <paramref name="factor"/> times as long: everything that is computing. What is waiting (for a grace period, a slice, another CPU)
    /// takes as long as before.
    /// </summary>
    /// <param name="factor">Above 0; 1 = as fast as the machine of the measurements.</param>
    public MachineCosts SlowedBy(double factor)
    {
        int Slow(int ns) => (int)Math.Min(int.MaxValue, Math.Round(ns * factor));
        return this with
        {
            AnonFaultNs = Slow(AnonFaultNs), AccessNs = Slow(AccessNs), SyscallNs = Slow(SyscallNs), MmapNs = Slow(MmapNs), UnmapPageNs = Slow(UnmapPageNs),
            MallocNs = Slow(MallocNs), ForkNs = Slow(ForkNs), CgroupMkdirNs = Slow(CgroupMkdirNs), CgroupRmdirNs = Slow(CgroupRmdirNs), MigrateNs = Slow(MigrateNs),
            MoveChargeNs = Slow(MoveChargeNs), ControlWriteNs = Slow(ControlWriteNs), FruitlessReclaimNs = Slow(FruitlessReclaimNs), ReclaimPageNs = Slow(ReclaimPageNs),
            UnmapFilePageNs = Slow(UnmapFilePageNs), ColdReclaimNs = Slow(ColdReclaimNs), SwapOutNs = Slow(SwapOutNs), OomReportNs = Slow(OomReportNs),
            StatMissNs = Slow(StatMissNs), StatCachedNs = Slow(StatCachedNs), CreateFileNs = Slow(CreateFileNs), UnlinkFileNs = Slow(UnlinkFileNs),
            DirectoryLookupNs = Slow(DirectoryLookupNs), DentryEvictNs = Slow(DentryEvictNs), FileCopyNs = Slow(FileCopyNs), FilePageAddNs = Slow(FilePageAddNs),
        };
    }
}
