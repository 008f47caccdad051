using static Ullage.Observe.Fields.FieldKind;
using static Ullage.Observe.Fields.FieldUnit;

namespace Ullage.Observe.Fields;

/// <summary>What is known about the machine: /proc/meminfo (in bytes here), /proc/vmstat, /proc/pressure and the memory row of /proc/cgroups.</summary>
public static class HostFields
{
    private const string MemInfo = "/proc/meminfo:";
    private const string VmStat = "/proc/vmstat:";
    private const string Pressure = "/proc/pressure/";

    /// <summary>All of them.</summary>
    public static FieldList List { get; } = new(FieldScope.Host);

    /// <summary>Memory the kernel manages.</summary>
    public static Field MemTotal { get; } = List.Add("MemTotal", Bytes, Gauge, MemInfo + "MemTotal", "memory the kernel manages");
    /// <summary>Memory nobody uses.</summary>
    public static Field MemFree { get; } = List.Add("MemFree", Bytes, Gauge, MemInfo + "MemFree", "memory nobody uses");
    /// <summary>Memory that the kernel guesses it can give without swapping (since 3.14).</summary>
    public static Field MemAvailable { get; } = List.Add("MemAvailable", Bytes, Gauge, MemInfo + "MemAvailable", "memory that the kernel guesses it can give without swapping (since 3.14)");
    /// <summary>Page cache of block devices.</summary>
    public static Field Buffers { get; } = List.Add("Buffers", Bytes, Gauge, MemInfo + "Buffers", "page cache of block devices");
    /// <summary>Page cache, without buffers and swap cache.</summary>
    public static Field Cached { get; } = List.Add("Cached", Bytes, Gauge, MemInfo + "Cached", "page cache, without buffers and swap cache");
    /// <summary>Swap cache.</summary>
    public static Field SwapCached { get; } = List.Add("SwapCached", Bytes, Gauge, MemInfo + "SwapCached", "swap cache");
    /// <summary>Pages used lately.</summary>
    public static Field Active { get; } = List.Add("Active", Bytes, Gauge, MemInfo + "Active", "pages used lately");
    /// <summary>Pages that reclaim looks at first.</summary>
    public static Field Inactive { get; } = List.Add("Inactive", Bytes, Gauge, MemInfo + "Inactive", "pages that reclaim looks at first");
    /// <summary>Anonymous pages used lately.</summary>
    public static Field ActiveAnon { get; } = List.Add("Active(anon)", Bytes, Gauge, MemInfo + "Active(anon)", "anonymous pages used lately");
    /// <summary>Anonymous pages that reclaim looks at first.</summary>
    public static Field InactiveAnon { get; } = List.Add("Inactive(anon)", Bytes, Gauge, MemInfo + "Inactive(anon)", "anonymous pages that reclaim looks at first");
    /// <summary>Page cache used more than once.</summary>
    public static Field ActiveFile { get; } = List.Add("Active(file)", Bytes, Gauge, MemInfo + "Active(file)", "page cache used more than once");
    /// <summary>Page cache that reclaim takes first.</summary>
    public static Field InactiveFile { get; } = List.Add("Inactive(file)", Bytes, Gauge, MemInfo + "Inactive(file)", "page cache that reclaim takes first");
    /// <summary>Pages that reclaim cannot take.</summary>
    public static Field Unevictable { get; } = List.Add("Unevictable", Bytes, Gauge, MemInfo + "Unevictable", "pages that reclaim cannot take");
    /// <summary>Pages that processes locked.</summary>
    public static Field Mlocked { get; } = List.Add("Mlocked", Bytes, Gauge, MemInfo + "Mlocked", "pages that processes locked");
    /// <summary>All swap.</summary>
    public static Field SwapTotal { get; } = List.Add("SwapTotal", Bytes, Gauge, MemInfo + "SwapTotal", "all swap");
    /// <summary>Swap nobody uses.</summary>
    public static Field SwapFree { get; } = List.Add("SwapFree", Bytes, Gauge, MemInfo + "SwapFree", "swap nobody uses");
    /// <summary>Page cache that must be written.</summary>
    public static Field Dirty { get; } = List.Add("Dirty", Bytes, Gauge, MemInfo + "Dirty", "page cache that must be written");
    /// <summary>Page cache that is being written.</summary>
    public static Field Writeback { get; } = List.Add("Writeback", Bytes, Gauge, MemInfo + "Writeback", "page cache that is being written");
    /// <summary>Mapped anonymous memory.</summary>
    public static Field AnonPages { get; } = List.Add("AnonPages", Bytes, Gauge, MemInfo + "AnonPages", "mapped anonymous memory");
    /// <summary>Mapped page cache.</summary>
    public static Field Mapped { get; } = List.Add("Mapped", Bytes, Gauge, MemInfo + "Mapped", "mapped page cache");
    /// <summary>Tmpfs and shared memory.</summary>
    public static Field Shmem { get; } = List.Add("Shmem", Bytes, Gauge, MemInfo + "Shmem", "tmpfs and shared memory");
    /// <summary>Kernel memory that can shrink (since 4.20).</summary>
    public static Field KReclaimable { get; } = List.Add("KReclaimable", Bytes, Gauge, MemInfo + "KReclaimable", "kernel memory that can shrink (since 4.20)");
    /// <summary>Slab caches.</summary>
    public static Field Slab { get; } = List.Add("Slab", Bytes, Gauge, MemInfo + "Slab", "slab caches");
    /// <summary>Slab that can shrink.</summary>
    public static Field SReclaimable { get; } = List.Add("SReclaimable", Bytes, Gauge, MemInfo + "SReclaimable", "slab that can shrink");
    /// <summary>Slab that cannot shrink.</summary>
    public static Field SUnreclaim { get; } = List.Add("SUnreclaim", Bytes, Gauge, MemInfo + "SUnreclaim", "slab that cannot shrink");
    /// <summary>Kernel stacks.</summary>
    public static Field KernelStack { get; } = List.Add("KernelStack", Bytes, Gauge, MemInfo + "KernelStack", "kernel stacks");
    /// <summary>Page tables.</summary>
    public static Field PageTables { get; } = List.Add("PageTables", Bytes, Gauge, MemInfo + "PageTables", "page tables");
    /// <summary>What may be promised in overcommit mode 2.</summary>
    public static Field CommitLimit { get; } = List.Add("CommitLimit", Bytes, Gauge, MemInfo + "CommitLimit", "what may be promised in overcommit mode 2");
    /// <summary>What has been promised.</summary>
    public static Field CommittedAs { get; } = List.Add("Committed_AS", Bytes, Gauge, MemInfo + "Committed_AS", "what has been promised");
    /// <summary>Per-CPU data, removed cgroups' too (since 4.20).</summary>
    public static Field Percpu { get; } = List.Add("Percpu", Bytes, Gauge, MemInfo + "Percpu", "per-CPU data, removed cgroups' too (since 4.20)");

    /// <summary>Page faults.</summary>
    public static Field Pgfault { get; } = List.Add("pgfault", Count, Counter, VmStat + "pgfault", "page faults");
    /// <summary>Page faults that had to read.</summary>
    public static Field Pgmajfault { get; } = List.Add("pgmajfault", Count, Counter, VmStat + "pgmajfault", "page faults that had to read");
    /// <summary>KB read from disks.</summary>
    public static Field Pgpgin { get; } = List.Add("pgpgin", Count, Counter, VmStat + "pgpgin", "kB read from disks");
    /// <summary>KB written to disks.</summary>
    public static Field Pgpgout { get; } = List.Add("pgpgout", Count, Counter, VmStat + "pgpgout", "kB written to disks");
    /// <summary>Pages read from swap.</summary>
    public static Field Pswpin { get; } = List.Add("pswpin", Count, Counter, VmStat + "pswpin", "pages read from swap");
    /// <summary>Pages written to swap.</summary>
    public static Field Pswpout { get; } = List.Add("pswpout", Count, Counter, VmStat + "pswpout", "pages written to swap");
    /// <summary>Times a task had to reclaim for itself because the machine was short.</summary>
    public static Field Allocstall { get; } = List.Add("allocstall", Count, Counter, VmStat + "allocstall+allocstall_dma+allocstall_dma32+allocstall_normal+allocstall_movable+allocstall_device", "times a task had to reclaim for itself because the machine was short");
    /// <summary>Pages looked at by kswapd.</summary>
    public static Field PgscanKswapd { get; } = List.Add("pgscan_kswapd", Count, Counter, VmStat + "pgscan_kswapd", "pages looked at by kswapd");
    /// <summary>Pages looked at by tasks that needed memory.</summary>
    public static Field PgscanDirect { get; } = List.Add("pgscan_direct", Count, Counter, VmStat + "pgscan_direct", "pages looked at by tasks that needed memory");
    /// <summary>Pages taken by kswapd.</summary>
    public static Field PgstealKswapd { get; } = List.Add("pgsteal_kswapd", Count, Counter, VmStat + "pgsteal_kswapd", "pages taken by kswapd");
    /// <summary>Pages taken by tasks that needed memory.</summary>
    public static Field PgstealDirect { get; } = List.Add("pgsteal_direct", Count, Counter, VmStat + "pgsteal_direct", "pages taken by tasks that needed memory");
    /// <summary>Active pages looked at.</summary>
    public static Field Pgrefill { get; } = List.Add("pgrefill", Count, Counter, VmStat + "pgrefill", "active pages looked at");
    /// <summary>Pages that became active.</summary>
    public static Field Pgactivate { get; } = List.Add("pgactivate", Count, Counter, VmStat + "pgactivate", "pages that became active");
    /// <summary>Pages that became inactive.</summary>
    public static Field Pgdeactivate { get; } = List.Add("pgdeactivate", Count, Counter, VmStat + "pgdeactivate", "pages that became inactive");
    /// <summary>Slab objects that shrinkers looked at.</summary>
    public static Field SlabsScanned { get; } = List.Add("slabs_scanned", Count, Counter, VmStat + "slabs_scanned", "slab objects that shrinkers looked at");
    /// <summary>Anonymous pages that were swapped out and came back (since 5.9).</summary>
    public static Field WorkingsetRefaultAnon { get; } = List.Add("workingset_refault_anon", Count, Counter, VmStat + "workingset_refault_anon", "anonymous pages that were swapped out and came back (since 5.9)");
    /// <summary>Page cache that was reclaimed and read again.</summary>
    public static Field WorkingsetRefaultFile { get; } = List.Add("workingset_refault_file", Count, Counter, VmStat + "workingset_refault_file+workingset_refault", "page cache that was reclaimed and read again");
    /// <summary>Page cache that came back and was active at once.</summary>
    public static Field WorkingsetActivateFile { get; } = List.Add("workingset_activate_file", Count, Counter, VmStat + "workingset_activate_file+workingset_activate", "page cache that came back and was active at once");
    /// <summary>Page cache that had been active, was reclaimed and came back.</summary>
    public static Field WorkingsetRestoreFile { get; } = List.Add("workingset_restore_file", Count, Counter, VmStat + "workingset_restore_file+workingset_restore", "page cache that had been active, was reclaimed and came back");
    /// <summary>Times a task had to move pages together for a large block.</summary>
    public static Field CompactStall { get; } = List.Add("compact_stall", Count, Counter, VmStat + "compact_stall", "times a task had to move pages together for a large block");
    /// <summary>Compactions that gave no block.</summary>
    public static Field CompactFail { get; } = List.Add("compact_fail", Count, Counter, VmStat + "compact_fail", "compactions that gave no block");
    /// <summary>Compactions that gave a block.</summary>
    public static Field CompactSuccess { get; } = List.Add("compact_success", Count, Counter, VmStat + "compact_success", "compactions that gave a block");
    /// <summary>Times kswapd reached the low watermark and lost it again at once.</summary>
    public static Field KswapdLowWmarkHitQuickly { get; } = List.Add("kswapd_low_wmark_hit_quickly", Count, Counter, VmStat + "kswapd_low_wmark_hit_quickly", "times kswapd reached the low watermark and lost it again at once");
    /// <summary>Times kswapd reached the high watermark and lost it again at once.</summary>
    public static Field KswapdHighWmarkHitQuickly { get; } = List.Add("kswapd_high_wmark_hit_quickly", Count, Counter, VmStat + "kswapd_high_wmark_hit_quickly", "times kswapd reached the high watermark and lost it again at once");
    /// <summary>Times kswapd woke up and worked.</summary>
    public static Field Pageoutrun { get; } = List.Add("pageoutrun", Count, Counter, VmStat + "pageoutrun", "times kswapd woke up and worked");
    /// <summary>Processes killed, cgroups' too (since 4.13).</summary>
    public static Field OomKill { get; } = List.Add("oom_kill", Count, Counter, VmStat + "oom_kill", "processes killed, cgroups' too (since 4.13)");
    /// <summary>Times somebody dropped the page cache.</summary>
    public static Field DropPagecache { get; } = List.Add("drop_pagecache", Count, Counter, VmStat + "drop_pagecache", "times somebody dropped the page cache");
    /// <summary>Times somebody dropped slab.</summary>
    public static Field DropSlab { get; } = List.Add("drop_slab", Count, Counter, VmStat + "drop_slab", "times somebody dropped slab");
    /// <summary>Huge pages given at a fault.</summary>
    public static Field ThpFaultAlloc { get; } = List.Add("thp_fault_alloc", Count, Counter, VmStat + "thp_fault_alloc", "huge pages given at a fault");

    /// <summary>Time in which a task waited for memory, last 10 s.</summary>
    public static Field MemorySomeAvg10 { get; } = List.Add("pressure_memory_some_avg10", CentiPercent, Gauge, Pressure + "memory:some.avg10", "time in which a task waited for memory, last 10 s");
    /// <summary>Time in which a task waited for memory, last minute.</summary>
    public static Field MemorySomeAvg60 { get; } = List.Add("pressure_memory_some_avg60", CentiPercent, Gauge, Pressure + "memory:some.avg60", "time in which a task waited for memory, last minute");
    /// <summary>Time in which a task waited for memory, last 5 minutes.</summary>
    public static Field MemorySomeAvg300 { get; } = List.Add("pressure_memory_some_avg300", CentiPercent, Gauge, Pressure + "memory:some.avg300", "time in which a task waited for memory, last 5 minutes");
    /// <summary>Time in which a task waited for memory.</summary>
    public static Field MemorySomeTotal { get; } = List.Add("pressure_memory_some_total", Microseconds, Counter, Pressure + "memory:some.total", "time in which a task waited for memory");
    /// <summary>Time in which all tasks waited for memory, last 10 s.</summary>
    public static Field MemoryFullAvg10 { get; } = List.Add("pressure_memory_full_avg10", CentiPercent, Gauge, Pressure + "memory:full.avg10", "time in which all tasks waited for memory, last 10 s");
    /// <summary>Time in which all tasks waited for memory, last minute.</summary>
    public static Field MemoryFullAvg60 { get; } = List.Add("pressure_memory_full_avg60", CentiPercent, Gauge, Pressure + "memory:full.avg60", "time in which all tasks waited for memory, last minute");
    /// <summary>Time in which all tasks waited for memory, last 5 minutes.</summary>
    public static Field MemoryFullAvg300 { get; } = List.Add("pressure_memory_full_avg300", CentiPercent, Gauge, Pressure + "memory:full.avg300", "time in which all tasks waited for memory, last 5 minutes");
    /// <summary>Time in which all tasks waited for memory.</summary>
    public static Field MemoryFullTotal { get; } = List.Add("pressure_memory_full_total", Microseconds, Counter, Pressure + "memory:full.total", "time in which all tasks waited for memory");
    /// <summary>Time in which a task waited for a disk, last 10 s.</summary>
    public static Field IoSomeAvg10 { get; } = List.Add("pressure_io_some_avg10", CentiPercent, Gauge, Pressure + "io:some.avg10", "time in which a task waited for a disk, last 10 s");
    /// <summary>Time in which a task waited for a disk, last minute.</summary>
    public static Field IoSomeAvg60 { get; } = List.Add("pressure_io_some_avg60", CentiPercent, Gauge, Pressure + "io:some.avg60", "time in which a task waited for a disk, last minute");
    /// <summary>Time in which a task waited for a disk, last 5 minutes.</summary>
    public static Field IoSomeAvg300 { get; } = List.Add("pressure_io_some_avg300", CentiPercent, Gauge, Pressure + "io:some.avg300", "time in which a task waited for a disk, last 5 minutes");
    /// <summary>Time in which a task waited for a disk.</summary>
    public static Field IoSomeTotal { get; } = List.Add("pressure_io_some_total", Microseconds, Counter, Pressure + "io:some.total", "time in which a task waited for a disk");
    /// <summary>Time in which all tasks waited for a disk, last 10 s.</summary>
    public static Field IoFullAvg10 { get; } = List.Add("pressure_io_full_avg10", CentiPercent, Gauge, Pressure + "io:full.avg10", "time in which all tasks waited for a disk, last 10 s");
    /// <summary>Time in which all tasks waited for a disk, last minute.</summary>
    public static Field IoFullAvg60 { get; } = List.Add("pressure_io_full_avg60", CentiPercent, Gauge, Pressure + "io:full.avg60", "time in which all tasks waited for a disk, last minute");
    /// <summary>Time in which all tasks waited for a disk, last 5 minutes.</summary>
    public static Field IoFullAvg300 { get; } = List.Add("pressure_io_full_avg300", CentiPercent, Gauge, Pressure + "io:full.avg300", "time in which all tasks waited for a disk, last 5 minutes");
    /// <summary>Time in which all tasks waited for a disk.</summary>
    public static Field IoFullTotal { get; } = List.Add("pressure_io_full_total", Microseconds, Counter, Pressure + "io:full.total", "time in which all tasks waited for a disk");
    /// <summary>Time in which a task waited for a CPU, last 10 s.</summary>
    public static Field CpuSomeAvg10 { get; } = List.Add("pressure_cpu_some_avg10", CentiPercent, Gauge, Pressure + "cpu:some.avg10", "time in which a task waited for a CPU, last 10 s");
    /// <summary>Time in which a task waited for a CPU, last minute.</summary>
    public static Field CpuSomeAvg60 { get; } = List.Add("pressure_cpu_some_avg60", CentiPercent, Gauge, Pressure + "cpu:some.avg60", "time in which a task waited for a CPU, last minute");
    /// <summary>Time in which a task waited for a CPU, last 5 minutes.</summary>
    public static Field CpuSomeAvg300 { get; } = List.Add("pressure_cpu_some_avg300", CentiPercent, Gauge, Pressure + "cpu:some.avg300", "time in which a task waited for a CPU, last 5 minutes");
    /// <summary>Time in which a task waited for a CPU.</summary>
    public static Field CpuSomeTotal { get; } = List.Add("pressure_cpu_some_total", Microseconds, Counter, Pressure + "cpu:some.total", "time in which a task waited for a CPU");
    /// <summary>Time in which all tasks waited for a CPU, last 10 s.</summary>
    public static Field CpuFullAvg10 { get; } = List.Add("pressure_cpu_full_avg10", CentiPercent, Gauge, Pressure + "cpu:full.avg10", "time in which all tasks waited for a CPU, last 10 s");
    /// <summary>Time in which all tasks waited for a CPU, last minute.</summary>
    public static Field CpuFullAvg60 { get; } = List.Add("pressure_cpu_full_avg60", CentiPercent, Gauge, Pressure + "cpu:full.avg60", "time in which all tasks waited for a CPU, last minute");
    /// <summary>Time in which all tasks waited for a CPU, last 5 minutes.</summary>
    public static Field CpuFullAvg300 { get; } = List.Add("pressure_cpu_full_avg300", CentiPercent, Gauge, Pressure + "cpu:full.avg300", "time in which all tasks waited for a CPU, last 5 minutes");
    /// <summary>Time in which all tasks waited for a CPU.</summary>
    public static Field CpuFullTotal { get; } = List.Add("pressure_cpu_full_total", Microseconds, Counter, Pressure + "cpu:full.total", "time in which all tasks waited for a CPU");

    /// <summary>Memory cgroups, removed ones that still hold memory too.</summary>
    public static Field MemoryCgroups { get; } = List.Add("num_cgroups", Count, Gauge, "/proc/cgroups:memory", "memory cgroups, removed ones that still hold memory too");

    /// <summary>vm.swappiness: 0 = anonymous memory is swapped only as the very last resort, and within a cgroup never.</summary>
    public static Field Swappiness { get; } = List.Add("swappiness", Count, Gauge, "/proc/sys/vm/swappiness", "vm.swappiness: how readily anonymous memory is swapped");

    /// <summary>vm.overcommit_memory: 0 heuristic, 1 always, 2 never.</summary>
    public static Field OvercommitMemory { get; } = List.Add("overcommit_memory", Count, Gauge, "/proc/sys/vm/overcommit_memory", "vm.overcommit_memory: 0 heuristic, 1 always, 2 never");
}
