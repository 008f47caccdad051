using System.Globalization;
using Ullage.Abi;
using Ullage.Abi.Units;
using Ullage.Model.AddressSpace;
using Ullage.Model.Charging;
using Ullage.Model.Eras;
using Ullage.Model.Tracing;

namespace Ullage.Model.Oom;

/// <summary>
/// What the OOM killer writes to the kernel log, one record per printk (§8.6): who asked, from where, what the cgroup
/// holds, whom it could choose from, whom it chose. At most ten such reports in five seconds; kills are always told.
/// </summary>
[Kernel("dump_header", "mm/oom_kill.c", Deviation = "The report of a system-wide OOM never lists unreclaimable slab.")]
internal sealed class OomReport
{
    private const int KbPerPage = KernelConstants.PageSize / 1024;

    private readonly Machine _machine;
    private readonly OomReportRules _rules;
    private readonly OomGfp _gfp;
    private readonly OomStack _stack;
    private readonly OomMemcgReport _memcg;
    private readonly MemInfoReport _memInfo;
    private readonly OomTaskTable _table;
    private readonly RateLimit _reports;
    private readonly RateLimit _leaks;

    public OomReport(Machine machine)
    {
        _machine = machine;
        _rules = machine.Era.Report;
        _gfp = new OomGfp(machine.Era);
        _stack = new OomStack(machine);
        _memcg = new OomMemcgReport(machine);
        _memInfo = new MemInfoReport(machine);
        _table = new OomTaskTable(machine);
        _reports = new RateLimit(machine, "oom_kill_process");
        _leaks = new RateLimit(machine, "pagefault_out_of_memory");
    }

    /// <summary>vm.oom_dump_tasks: reports have a task table.</summary>
    public bool DumpTasks { get; set; } = true;

    /// <summary>Everything up to the kill.</summary>
    [Kernel("oom_kill_process", "mm/oom_kill.c")]
    public void Header(OomContext oc, OomChoice choice)
    {
        TaskStruct victim = choice.Victim!;
        if (_reports.Passes())
        {
            Dump(oc, victim);
        }
        if (_rules.ScoreLine)
        {
            ulong score = (ulong)choice.Points * 1000 / (ulong)oc.TotalPages;
            Write(PrintkLevel.Error, $"{Cause(oc)}: Kill process {victim.Pid} ({victim.Comm}) score {score} or sacrifice child");
        }
    }

    private void Dump(OomContext oc, TaskStruct? victim)
    {
        _machine.Path.OomReport = true;
        DumpParts(oc, victim);
        _machine.Path.OomReport = false;
    }

    private void DumpParts(OomContext oc, TaskStruct? victim)
    {
        int adj = oc.Current?.Signal.OomScoreAdj ?? 0;
        string nodemask = _rules.Nodemask ? $"nodemask={NodesText(oc)}, " : "";
        Write(PrintkLevel.Warning, $"{_stack.CommOf(oc)} invoked oom-killer: gfp_mask={_gfp.Text(oc)}, {nodemask}order={oc.Order}, oom_score_adj={adj}");
        if (_rules.CpusetLine)
        {
            Write(PrintkLevel.Info, $"{_stack.CommOf(oc)} cpuset={CpusetOf(oc.Current)} mems_allowed={_machine.Oom.AllowedTo(oc.Current)}");
        }
        _stack.Dump(oc, victim is not null);
        if (oc.Memcg is { } limited)
        {
            _memcg.Dump(limited, victim);
        }
        else
        {
            _memInfo.Dump(isHopeless: true, oc.Nodes ?? _machine.Oom.AllowedTo(oc.Current));
        }
        if (DumpTasks)
        {
            _table.Dump(oc);
        }
        if (!_rules.VictimSentence && victim is not null)
        {
            Summary(oc, victim);
        }
    }

    /// <summary>One line for programs that read logs.</summary>
    [Kernel("dump_oom_victim", "mm/oom_kill.c")]
    private void Summary(OomContext oc, TaskStruct victim)
    {
        string constraint = oc.Constraint switch
        {
            OomConstraint.Cpuset => "CONSTRAINT_CPUSET",
            OomConstraint.MemoryPolicy => "CONSTRAINT_MEMORY_POLICY",
            _ => oc.Memcg is null ? "CONSTRAINT_NONE" : "CONSTRAINT_MEMCG",
        };
        string scope = oc.Memcg is null ? "global_oom" : "oom_memcg=" + oc.Memcg.Cgroup.Path;
        Write(PrintkLevel.Info, $"oom-kill:constraint={constraint},nodemask={NodesText(oc)},cpuset={CpusetOf(oc.Current)},mems_allowed={_machine.Oom.AllowedTo(oc.Current)},{scope},task_memcg={victim.Cgroup.Memcg.Cgroup.Path},task={victim.Comm},pid={victim.Pid},uid={victim.Signal.Uid}");
    }

    /// <summary>The nodes of a memory policy, if one restricted the allocation.</summary>
    internal static string NodesText(OomContext oc) => oc.Nodes?.ToString() ?? "(null)";

    /// <summary>The name of a task's cpuset: the last part of its path.</summary>
    [Kernel("cpuset_print_current_mems_allowed", "kernel/cgroup/cpuset.c")]
    internal static string CpusetOf(TaskStruct? task) => task?.CssSet.Cpuset is { Parent: not null } cpuset ? cpuset.Cgroup.Name : "/";

    /// <summary>The selection found nobody (§8.2 step 8).</summary>
    [Kernel("out_of_memory", "mm/oom_kill.c")]
    public void NobodyToKill(OomContext oc)
    {
        if (oc.Memcg is not null && !_rules.NobodyInMemcgLine)
        {
            return;
        }
        Dump(oc, null);
        if (_rules.NobodyInMemcgLine)
        {
            Write(PrintkLevel.Warning, $"Out of memory and no killable processes...");
        }
        if (oc.Memcg is null)
        {
            _machine.Panic(_rules.NobodyPanic);
        }
    }

    /// <summary>vm.panic_on_oom forbids to kill (§8.2 step 6).</summary>
    [Kernel("check_panic_on_oom", "mm/oom_kill.c")]
    public void Panic(OomContext oc, bool always)
    {
        Dump(oc, null);
        _machine.Panic($"Out of memory: {(always ? "compulsory" : "system-wide")} panic_on_oom is enabled");
    }

    /// <summary>The line of one kill.</summary>
    [Kernel("__oom_kill_process", "mm/oom_kill.c")]
    public void Killed(OomContext oc, TaskStruct victim)
    {
        Mm mm = victim.Mm!;
        string cause = _rules.Killed is OomKilledLine.TwoRssParts or OomKilledLine.ThreeRssParts ? "" : Cause(oc) + ": ";
        string shmem = _rules.Killed is OomKilledLine.TwoRssParts ? "" : string.Create(CultureInfo.InvariantCulture, $", shmem-rss:{mm.ShmemPages * KbPerPage}kB");
        long filePages = mm.FilePages + (shmem.Length == 0 ? mm.ShmemPages : 0);
        string owner = _rules.Killed is OomKilledLine.WithOwner ? OwnerOf(victim, mm) : "";
        Write(PrintkLevel.Error, $"{cause}Killed process {victim.Pid} ({victim.Comm}) total-vm:{mm.TotalPages * KbPerPage}kB, anon-rss:{mm.AnonPages * KbPerPage}kB, file-rss:{filePages * KbPerPage}kB{shmem}{owner}");
    }

    private static string OwnerOf(TaskStruct victim, Mm mm) => string.Create(CultureInfo.InvariantCulture,
        $", UID:{victim.Signal.Uid} pgtables:{mm.TablePages * KbPerPage}kB oom_score_adj:{victim.Signal.OomScoreAdj}");

    /// <summary>The victim has left its address space meanwhile.</summary>
    [Kernel("__oom_kill_process", "mm/oom_kill.c")]
    public void AlreadyExiting(OomContext oc, TaskStruct victim)
    {
        if (_rules.ExitingVictimLine)
        {
            Write(PrintkLevel.Info, $"{Cause(oc)}: OOM victim {victim.Pid} ({victim.Comm}) is already exiting. Skip killing the task");
        }
    }

    private static string Cause(OomContext oc) => oc.Memcg is not null ? "Memory cgroup out of memory"
        : oc.KillsAllocatingTask ? "Out of memory (oom_kill_allocating_task)" : "Out of memory";

    /// <summary>A whole group dies (§2.8).</summary>
    [Kernel("mem_cgroup_print_oom_group", "mm/memcontrol.c")]
    public void GroupKill(MemCgroup group) =>
        Write(PrintkLevel.Info, $"Tasks in {group.Cgroup.Path} are going to be killed due to memory.oom.group set");

    /// <summary>A fault without memory and without a kill (§8.1).</summary>
    [Kernel("pagefault_out_of_memory", "mm/oom_kill.c")]
    public void LeakedFault()
    {
        if (_leaks.Passes())
        {
            Write(PrintkLevel.Warning, $"Huh VM_FAULT_OOM leaked out to the #PF handler. Retrying PF");
        }
    }

    private void Write(int level, FormattableString text) => _machine.Log.Write(level, text.ToString(CultureInfo.InvariantCulture));
}
