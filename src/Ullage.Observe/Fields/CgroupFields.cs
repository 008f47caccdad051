using static Ullage.Observe.Fields.FieldKind;
using static Ullage.Observe.Fields.FieldUnit;

namespace Ullage.Observe.Fields;

/// <summary>
/// What is known about a memory cgroup. All of the subtree below it counts as well: v1 has that under names with <c>total_</c>. Sizes of v1 that count
/// only the cgroup itself are not here.
/// </summary>
public static class CgroupFields
{
    private const string SeeFailcnt = "cgroup v1 has no memory.events: see failcnt";
    private const string NoSlab = "memory.stat of cgroup v1 does not count kernel memory by kind: see memory.kmem.usage_in_bytes and memory.kmem.slabinfo";
    private const string NoReclaim = "memory.stat of cgroup v1 does not count reclaim: /proc/vmstat does, for the whole machine";
    private const string NoProtection = "cgroup v1 has no such limit; memory.soft_limit_in_bytes is the nearest";
    private const string NoPressure = "cgroup v1 has no pressure files, and no cgroup2 mount has this path: /proc/pressure has those of the whole machine";
    private const string NoMemsw = "cgroup v2 has no limit of memory and swap together: see swap";
    private const string NoKmem = "cgroup v2 has no limit of kernel memory alone: it counts against memory.max";
    private const string NoCgroupStat = "cgroup v1 does not say how many descendants it has: see num_cgroups of /proc/cgroups";

    /// <summary>All of them.</summary>
    public static FieldList List { get; } = new(FieldScope.Cgroup);

    /// <summary>All that is charged.</summary>
    public static Field Usage { get; } = List.Add("usage", Bytes, Gauge, "memory.usage_in_bytes", "memory.current", "memory charged to the cgroup and all below it");
    /// <summary>The hard limit.</summary>
    public static Field Limit { get; } = List.Add("limit", Bytes, FieldKind.Limit, "memory.limit_in_bytes", "memory.max", "the limit at which reclaim begins and, failing that, the OOM killer");
    /// <summary>v2: the throttling limit.</summary>
    public static Field High { get; } = List.Add("high", Bytes, FieldKind.Limit, null, "memory.high", "the limit above which tasks are slowed down, never killed", NoProtection);
    /// <summary>v2: best-effort protection.</summary>
    public static Field Low { get; } = List.Add("low", Bytes, FieldKind.Limit, null, "memory.low", "memory that is reclaimed only when nothing unprotected is left", NoProtection);
    /// <summary>v2: hard protection.</summary>
    public static Field Min { get; } = List.Add("min", Bytes, FieldKind.Limit, null, "memory.min", "memory that is never reclaimed", NoProtection);
    /// <summary>v1: the soft limit.</summary>
    public static Field SoftLimit { get; } = List.Add("soft_limit", Bytes, FieldKind.Limit, "memory.soft_limit_in_bytes", null, "what kswapd reclaims down to when the machine is short", "cgroup v2 has no soft limit: see low and high");
    /// <summary>The highest usage since it was reset.</summary>
    public static Field Peak { get; } = List.Add("peak", Bytes, Gauge, "memory.max_usage_in_bytes", "memory.peak", "the highest usage so far (v2: since 5.19)");
    /// <summary>How often a charge met the limit (v1).</summary>
    public static Field Failcnt { get; } = List.Add("failcnt", Count, Counter, "memory.failcnt", null, "charges that met the limit, with every retry", "cgroup v2 has no failcnt: see events_max");

    /// <summary>v1: memory and swap together.</summary>
    public static Field MemswUsage { get; } = List.Add("memsw_usage", Bytes, Gauge, "memory.memsw.usage_in_bytes", null, "memory and swap together", NoMemsw);
    /// <summary>v1: the limit of both together.</summary>
    public static Field MemswLimit { get; } = List.Add("memsw_limit", Bytes, FieldKind.Limit, "memory.memsw.limit_in_bytes", null, "the limit of memory and swap together", NoMemsw);
    /// <summary>Swap in use.</summary>
    public static Field Swap { get; } = List.Add("swap", Bytes, Gauge, "memory.stat:total_swap", "memory.swap.current", "swap in use");
    /// <summary>v2: the limit of swap.</summary>
    public static Field SwapLimit { get; } = List.Add("swap_limit", Bytes, FieldKind.Limit, null, "memory.swap.max", "the limit of swap", "cgroup v1 limits memory and swap together: see memsw_limit");

    /// <summary>Kernel memory. v2 before 5.18 has only its parts; the sampler adds them up.</summary>
    public static Field Kernel { get; } = List.Add("kernel", Bytes, Gauge, "memory.kmem.usage_in_bytes", "memory.stat:kernel", "kernel memory: slab, stacks, page tables, per-CPU data");
    /// <summary>v1: the limit of kernel memory.</summary>
    public static Field KernelLimit { get; } = List.Add("kernel_limit", Bytes, FieldKind.Limit, "memory.kmem.limit_in_bytes", null, "the limit of kernel memory; without effect since 5.16", NoKmem);
    /// <summary>v1: charges that met the kernel memory limit.</summary>
    public static Field KernelFailcnt { get; } = List.Add("kernel_failcnt", Count, Counter, "memory.kmem.failcnt", null, "charges that met the limit of kernel memory", NoKmem);
    /// <summary>v1: TCP buffers.</summary>
    public static Field Sock { get; } = List.Add("sock", Bytes, Gauge, "memory.kmem.tcp.usage_in_bytes", "memory.stat:sock", "network buffers");

    /// <summary>v2: charges that met memory.low of this cgroup although it was under it.</summary>
    public static Field EventsLow { get; } = List.Add("events_low", Count, Counter, null, "memory.events:low", "reclaimed although below low", SeeFailcnt);
    /// <summary>v2: times memory.high was exceeded.</summary>
    public static Field EventsHigh { get; } = List.Add("events_high", Count, Counter, null, "memory.events:high", "throttled for being above high", SeeFailcnt);
    /// <summary>v2: charges that met the limit.</summary>
    public static Field EventsMax { get; } = List.Add("events_max", Count, Counter, null, "memory.events:max", "charges that were about to pass the limit", SeeFailcnt);
    /// <summary>v2: charges that were going to fail.</summary>
    public static Field EventsOom { get; } = List.Add("events_oom", Count, Counter, null, "memory.events:oom", "charges that reclaim could not satisfy", SeeFailcnt);
    /// <summary>Processes killed.</summary>
    public static Field OomKill { get; } = List.Add("oom_kill", Count, Counter, "memory.oom_control:oom_kill", "memory.events:oom_kill", "processes killed by the OOM killer (v1: since 4.13)");
    /// <summary>v1: the OOM killer waits for somebody to act.</summary>
    public static Field UnderOom { get; } = List.Add("under_oom", Flag, Gauge, "memory.oom_control:under_oom", null, "tasks are waiting for memory in an OOM", "cgroup v2 has no memory.oom_control");
    /// <summary>v1: the OOM killer is off.</summary>
    public static Field OomKillDisable { get; } = List.Add("oom_kill_disable", Flag, Gauge, "memory.oom_control:oom_kill_disable", null, "the OOM killer is switched off: tasks wait instead", "cgroup v2 has no memory.oom_control");

    /// <summary>Anonymous memory.</summary>
    public static Field Anon { get; } = List.Add("anon", Bytes, Gauge, "memory.stat:total_rss", "memory.stat:anon", "anonymous memory: heap, stack, private mappings");
    /// <summary>Page cache.</summary>
    public static Field File { get; } = List.Add("file", Bytes, Gauge, "memory.stat:total_cache", "memory.stat:file", "page cache, with tmpfs and shared memory");
    /// <summary>tmpfs and shared memory.</summary>
    public static Field Shmem { get; } = List.Add("shmem", Bytes, Gauge, "memory.stat:total_shmem", "memory.stat:shmem", "tmpfs and shared memory, a part of file that only swap can take");
    /// <summary>Mapped page cache.</summary>
    public static Field FileMapped { get; } = List.Add("file_mapped", Bytes, Gauge, "memory.stat:total_mapped_file", "memory.stat:file_mapped", "page cache that processes have mapped");
    /// <summary>Page cache to be written.</summary>
    public static Field FileDirty { get; } = List.Add("file_dirty", Bytes, Gauge, "memory.stat:total_dirty", "memory.stat:file_dirty", "page cache that must be written before it can go");
    /// <summary>Page cache being written.</summary>
    public static Field FileWriteback { get; } = List.Add("file_writeback", Bytes, Gauge, "memory.stat:total_writeback", "memory.stat:file_writeback", "page cache that is being written");
    /// <summary>Huge pages.</summary>
    public static Field AnonThp { get; } = List.Add("anon_thp", Bytes, Gauge, "memory.stat:total_rss_huge", "memory.stat:anon_thp", "anonymous memory in huge pages");
    /// <summary>LRU list.</summary>
    public static Field InactiveAnon { get; } = List.Add("inactive_anon", Bytes, Gauge, "memory.stat:total_inactive_anon", "memory.stat:inactive_anon", "anonymous memory that reclaim looks at first");
    /// <summary>LRU list.</summary>
    public static Field ActiveAnon { get; } = List.Add("active_anon", Bytes, Gauge, "memory.stat:total_active_anon", "memory.stat:active_anon", "anonymous memory used lately");
    /// <summary>LRU list.</summary>
    public static Field InactiveFile { get; } = List.Add("inactive_file", Bytes, Gauge, "memory.stat:total_inactive_file", "memory.stat:inactive_file", "page cache that reclaim takes first");
    /// <summary>LRU list.</summary>
    public static Field ActiveFile { get; } = List.Add("active_file", Bytes, Gauge, "memory.stat:total_active_file", "memory.stat:active_file", "page cache used more than once");
    /// <summary>LRU list.</summary>
    public static Field Unevictable { get; } = List.Add("unevictable", Bytes, Gauge, "memory.stat:total_unevictable", "memory.stat:unevictable", "locked memory, which reclaim cannot take");
    /// <summary>v2: slab.</summary>
    public static Field Slab { get; } = List.Add("slab", Bytes, Gauge, null, "memory.stat:slab", "slab caches, a part of kernel", NoSlab);
    /// <summary>v2: slab that can shrink.</summary>
    public static Field SlabReclaimable { get; } = List.Add("slab_reclaimable", Bytes, Gauge, null, "memory.stat:slab_reclaimable", "slab that can shrink: dentries, inodes", NoSlab);
    /// <summary>v2: slab that cannot shrink.</summary>
    public static Field SlabUnreclaimable { get; } = List.Add("slab_unreclaimable", Bytes, Gauge, null, "memory.stat:slab_unreclaimable", "slab that cannot shrink", NoSlab);
    /// <summary>v2: stacks.</summary>
    public static Field KernelStack { get; } = List.Add("kernel_stack", Bytes, Gauge, null, "memory.stat:kernel_stack", "kernel stacks", NoSlab);
    /// <summary>v2: page tables.</summary>
    public static Field Pagetables { get; } = List.Add("pagetables", Bytes, Gauge, null, "memory.stat:pagetables", "page tables (v2: since 5.13)", NoSlab);
    /// <summary>v2: per-CPU data.</summary>
    public static Field Percpu { get; } = List.Add("percpu", Bytes, Gauge, null, "memory.stat:percpu", "per-CPU data (v2: since 5.9)", NoSlab);

    /// <summary>Page faults.</summary>
    public static Field Pgfault { get; } = List.Add("pgfault", Count, Counter, "memory.stat:total_pgfault", "memory.stat:pgfault", "page faults");
    /// <summary>Page faults that had to read.</summary>
    public static Field Pgmajfault { get; } = List.Add("pgmajfault", Count, Counter, "memory.stat:total_pgmajfault", "memory.stat:pgmajfault", "page faults that had to read");
    /// <summary>v1: charges.</summary>
    public static Field Pgpgin { get; } = List.Add("pgpgin", Count, Counter, "memory.stat:total_pgpgin", null, "charges; not I/O", "cgroup v2 does not count charges");
    /// <summary>v1: uncharged pages.</summary>
    public static Field Pgpgout { get; } = List.Add("pgpgout", Count, Counter, "memory.stat:total_pgpgout", null, "pages uncharged; not I/O", "cgroup v2 does not count charges");
    /// <summary>v2: pages looked at by reclaim.</summary>
    public static Field Pgscan { get; } = List.Add("pgscan", Count, Counter, null, "memory.stat:pgscan", "pages that reclaim looked at", NoReclaim);
    /// <summary>v2: pages reclaimed.</summary>
    public static Field Pgsteal { get; } = List.Add("pgsteal", Count, Counter, null, "memory.stat:pgsteal", "pages that reclaim took", NoReclaim);
    /// <summary>v2: by tasks themselves.</summary>
    public static Field PgscanDirect { get; } = List.Add("pgscan_direct", Count, Counter, null, "memory.stat:pgscan_direct", "pages looked at by tasks that needed memory (since 5.18)", NoReclaim);
    /// <summary>v2: by kswapd.</summary>
    public static Field PgscanKswapd { get; } = List.Add("pgscan_kswapd", Count, Counter, null, "memory.stat:pgscan_kswapd", "pages looked at by kswapd (since 5.18)", NoReclaim);
    /// <summary>v2: pages moved from active to inactive.</summary>
    public static Field Pgrefill { get; } = List.Add("pgrefill", Count, Counter, null, "memory.stat:pgrefill", "active pages looked at", NoReclaim);
    /// <summary>v2: pages activated.</summary>
    public static Field Pgactivate { get; } = List.Add("pgactivate", Count, Counter, null, "memory.stat:pgactivate", "pages that became active", NoReclaim);
    /// <summary>v2: pages deactivated.</summary>
    public static Field Pgdeactivate { get; } = List.Add("pgdeactivate", Count, Counter, null, "memory.stat:pgdeactivate", "pages that became inactive", NoReclaim);
    /// <summary>Anonymous pages read back.</summary>
    public static Field RefaultAnon { get; } = List.Add("workingset_refault_anon", Count, Counter, "memory.stat:total_workingset_refault_anon", "memory.stat:workingset_refault_anon", "anonymous pages that were swapped out and came back (since 5.9)");
    /// <summary>Page cache read back. Before 5.9 one counter, which counted page cache only.</summary>
    public static Field RefaultFile { get; } = List.Add("workingset_refault_file", Count, Counter, "memory.stat:total_workingset_refault_file", "memory.stat:workingset_refault_file+workingset_refault", "page cache that was reclaimed and read again");
    /// <summary>v2: refaults that became active at once.</summary>
    public static Field ActivateFile { get; } = List.Add("workingset_activate_file", Count, Counter, null, "memory.stat:workingset_activate_file+workingset_activate", "page cache that came back and was active at once: it should have stayed", NoReclaim);
    /// <summary>v2: refaults of the workingset.</summary>
    public static Field RestoreFile { get; } = List.Add("workingset_restore_file", Count, Counter, null, "memory.stat:workingset_restore_file+workingset_restore", "page cache that had been active, was reclaimed and came back", NoReclaim);

    /// <summary>v2: PSI.</summary>
    public static Field PressureSomeAvg10 { get; } = List.Add("pressure_some_avg10", CentiPercent, Gauge, null, "memory.pressure:some.avg10", "time in which a task waited for memory, last 10 s", NoPressure);
    /// <summary>v2: PSI.</summary>
    public static Field PressureSomeAvg60 { get; } = List.Add("pressure_some_avg60", CentiPercent, Gauge, null, "memory.pressure:some.avg60", "time in which a task waited for memory, last minute", NoPressure);
    /// <summary>v2: PSI.</summary>
    public static Field PressureSomeAvg300 { get; } = List.Add("pressure_some_avg300", CentiPercent, Gauge, null, "memory.pressure:some.avg300", "time in which a task waited for memory, last 5 minutes", NoPressure);
    /// <summary>v2: PSI.</summary>
    public static Field PressureSomeTotal { get; } = List.Add("pressure_some_total", Microseconds, Counter, null, "memory.pressure:some.total", "time in which a task waited for memory", NoPressure);
    /// <summary>v2: PSI.</summary>
    public static Field PressureFullAvg10 { get; } = List.Add("pressure_full_avg10", CentiPercent, Gauge, null, "memory.pressure:full.avg10", "time in which all tasks waited for memory, last 10 s", NoPressure);
    /// <summary>v2: PSI.</summary>
    public static Field PressureFullAvg60 { get; } = List.Add("pressure_full_avg60", CentiPercent, Gauge, null, "memory.pressure:full.avg60", "time in which all tasks waited for memory, last minute", NoPressure);
    /// <summary>v2: PSI.</summary>
    public static Field PressureFullAvg300 { get; } = List.Add("pressure_full_avg300", CentiPercent, Gauge, null, "memory.pressure:full.avg300", "time in which all tasks waited for memory, last 5 minutes", NoPressure);
    /// <summary>v2: PSI.</summary>
    public static Field PressureFullTotal { get; } = List.Add("pressure_full_total", Microseconds, Counter, null, "memory.pressure:full.total", "time in which all tasks waited for memory", NoPressure);

    /// <summary>v2: live cgroups below.</summary>
    public static Field Descendants { get; } = List.Add("nr_descendants", Count, Gauge, null, "cgroup.stat:nr_descendants", "cgroups below it", NoCgroupStat);
    /// <summary>v2: cgroups below that were removed and still hold memory.</summary>
    public static Field DyingDescendants { get; } = List.Add("nr_dying_descendants", Count, Gauge, null, "cgroup.stat:nr_dying_descendants", "removed cgroups below it that still hold memory", NoCgroupStat);
}
