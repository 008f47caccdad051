using Ullage.Abi;
using Ullage.Model.Cgroups;
using Ullage.Model.Files;
using Ullage.Model.Tests.Pressure;
using Ullage.Model.Tracing;

namespace Ullage.Model.Tests.Tracing;

/// <summary>§12.1, §12.2: stacks of a name whose slab page is charged, refused and reported, against real kernels and the article.</summary>
public sealed class LookupStackTests
{
    /// <summary>The article's page_counter_try_charge on 4.15, offsets left out.</summary>
    private const string ArticleCharge =
        "page_counter_try_charge new_slab ___slab_alloc __slab_alloc kmem_cache_alloc __d_alloc d_alloc d_alloc_parallel lookup_slow walk_component path_lookupat "
        + "filename_lookup user_path_at_empty vfs_statx SYSC_newstat sys_newstat do_syscall_64 entry_SYSCALL_64_after_hwframe";

    /// <summary>The article's printk of the report on 4.15.</summary>
    private const string ArticleReport =
        "printk ___slab_alloc __slab_alloc kmem_cache_alloc __d_alloc d_alloc d_alloc_parallel lookup_slow walk_component path_lookupat "
        + "filename_lookup user_path_at_empty vfs_statx SYSC_newstat sys_newstat do_syscall_64 entry_SYSCALL_64_after_hwframe";

    private static (Machine Machine, long Failed) StatAtKmemLimit(string era, long pages, long calls, params string[] functions)
    {
        Machine machine = Workloads.Boot(era, 1, cpus: 1, swapAccounting: false);
        foreach (string function in functions)
        {
            machine.Probes.TryAttach(function).ShouldBeTrue(function);
        }
        Cgroup cgroup = machine.Make("/g");
        TaskStruct task = machine.Enter(cgroup, "perl");
        cgroup.Memcg.Kmem.TrySetMax(pages).ShouldBe(Errno.None);
        DiskDirectory root = machine.Directory("/");
        long failed = 0;
        for (long number = 1; number <= calls; number++)
        {
            failed += machine.Stat(task, root, number) == Errno.ENOMEM ? 1 : 0;
            machine.RunDueWork(machine.TimeNs);
        }
        machine.Verify();
        return (machine, failed);
    }

    /// <summary>The measured worker calls newfstatat; the model, as perl, newstat.</summary>
    private static SortedDictionary<string, long> Measured(string file, bool lookupsOnly)
    {
        SortedDictionary<string, long> stacks = new(StringComparer.Ordinal);
        foreach ((string stack, long count) in ProbeStackTests.Measured(file))
        {
            bool isLookup = stack.Contains("path_lookupat", StringComparison.Ordinal) && !stack.Contains("link_path_walk", StringComparison.Ordinal);
            if (isLookup || !lookupsOnly)
            {
                stacks[stack.Replace("newfstatat", "newstat", StringComparison.Ordinal)] = count;
            }
        }
        return stacks;
    }

    [Fact]
    public void Article_PageCounterTryChargeAndTheReportOf4_15NameByName()
    {
        (Machine machine, long failed) = StatAtKmemLimit("4.15", 200, 6000, "page_counter_try_charge", "printk");
        SortedDictionary<string, long> charges = ProbeStackTests.Modelled(machine, "page_counter_try_charge");
        charges.ShouldContainKey(ArticleCharge.Replace(' ', ';'));
        charges[ArticleCharge.Replace(' ', ';')].ShouldBeGreaterThan(2 * failed);
        SortedDictionary<string, long> reports = ProbeStackTests.Modelled(machine, "printk");
        reports.ShouldHaveSingleItem().Key.ShouldBe(ArticleReport.Replace(' ', ';'));
        reports.ShouldHaveSingleItem().Value.ShouldBe(30, "ten reports of three lines; the others are held back");
    }

    /// <summary>The same paths as on the real kernel, all of them.</summary>
    [Theory]
    [InlineData("4.15")]
    [InlineData("5.4")]
    [InlineData("5.10")]
    public void E1_PageCounterTryChargeOfNamesIsAsMeasured(string era)
    {
        (Machine machine, long failed) = StatAtKmemLimit(era, 2560, 70_000, "page_counter_try_charge", "slab_out_of_memory");
        SortedDictionary<string, long> measured = Measured($"page_counter_try_charge-{era}-v1-E1-kmem10M.txt", lookupsOnly: true);
        SortedDictionary<string, long> modelled = ProbeStackTests.Modelled(machine, "page_counter_try_charge");
        foreach ((string stack, long count) in modelled)
        {
            if (!stack.Contains("path_lookupat", StringComparison.Ordinal) || stack.Contains("ext4_", StringComparison.Ordinal))
            {
                continue; // forks and faults of the process around it
            }
            measured.ShouldContainKey(stack);
            if (era == "5.10" && !stack.Contains("try_charge;", StringComparison.Ordinal))
            {
                (count - failed).ShouldBeInRange(2400, 2560, "the kmem counter is asked once for each refused name and once for each page");
            }
        }
        measured.Keys.ShouldAllBe(stack => modelled.ContainsKey(stack));
        SortedDictionary<string, long> reports = ProbeStackTests.Modelled(machine, "slab_out_of_memory");
        if (era == "5.10")
        {
            reports.ShouldBeEmpty("objects are charged before a slab is looked for");
            return;
        }
        reports.ShouldHaveSingleItem().Value.ShouldBe(failed, "once for each name that is refused, also when nothing is printed");
        Measured($"slab_out_of_memory-{era}-v1-E1-kmem10M.txt", lookupsOnly: false).ShouldHaveSingleItem().Key.ShouldBe(reports.ShouldHaveSingleItem().Key);
    }

    [Theory]
    [InlineData("5.4", 1)]
    [InlineData("5.10", 1)]
    [InlineData("6.12", 2)]
    public void E2_PsiMemstallEnterOfNamesUnderALimitTakesTheMeasuredPath(string era, int version)
    {
        Machine machine = Workloads.Boot(era, version, cpus: 1);
        machine.Probes.TryAttach("psi_memstall_enter").ShouldBeTrue();
        Cgroup cgroup = machine.Make("/g");
        TaskStruct task = machine.Enter(cgroup, "perl");
        cgroup.Memcg.Memory.TrySetMax(5120).ShouldBe(Errno.None);
        DiskDirectory root = machine.Directory("/");
        for (long number = 1; number <= 150_000; number++)
        {
            machine.Stat(task, root, number).ShouldBe(Errno.ENOENT);
            machine.RunDueWork(machine.TimeNs);
        }
        SortedDictionary<string, long> modelled = ProbeStackTests.Modelled(machine, "psi_memstall_enter");
        modelled.ShouldHaveSingleItem().Key.ShouldBe(Measured($"psi_memstall_enter-{era}-v{version}-E2-stat20M.txt", lookupsOnly: false).ShouldHaveSingleItem().Key);
    }

    [Fact]
    public void E2_PageCounterTryChargeOf6_12TakesTheMeasuredPath()
    {
        Machine machine = Workloads.Boot("6.12", 2, cpus: 1);
        machine.Probes.TryAttach("page_counter_try_charge").ShouldBeTrue();
        Cgroup cgroup = machine.Make("/g");
        TaskStruct task = machine.Enter(cgroup, "perl");
        for (long number = 1; number <= 5000; number++)
        {
            machine.Stat(task, machine.Directory("/"), number).ShouldBe(Errno.ENOENT);
        }
        string lookup = ProbeStackTests.Modelled(machine, "page_counter_try_charge").Keys.Where(stack => stack.Contains("path_lookupat")).ShouldHaveSingleItem();
        Measured("page_counter_try_charge-6.12-v2-E2-stat20M.txt", lookupsOnly: true).ShouldContainKey(lookup);
    }

    /// <summary>The second experiment of the article on pressure, on 5.4: its only stack, name by name.</summary>
    private const string ArticleStall =
        "psi_memstall_enter try_charge __memcg_kmem_charge_memcg alloc_slab_page allocate_slab new_slab ___slab_alloc __slab_alloc kmem_cache_alloc __d_alloc d_alloc "
        + "d_alloc_parallel __lookup_slow lookup_slow walk_component path_lookupat.isra.0 filename_lookup user_path_at_empty vfs_statx __do_sys_newstat __x64_sys_newstat "
        + "do_syscall_64 entry_SYSCALL_64_after_hwframe";

    [Fact]
    public void Article_PsiMemstallEnterOfNamesIsItsOnlyStackNameByName()
    {
        Machine machine = Workloads.Boot("5.4", 1);
        machine.Probes.TryAttach("psi_memstall_enter").ShouldBeTrue();
        Cgroup cgroup = machine.Make("/g");
        TaskStruct task = machine.Enter(cgroup, "perl");
        cgroup.Memcg.Memory.TrySetMax(25600).ShouldBe(Errno.None);
        for (long number = 1; number <= 1_500_000; number++)
        {
            machine.Stat(task, machine.Directory("/"), number).ShouldBe(Errno.ENOENT);
            machine.RunDueWork(machine.TimeNs);
        }
        ProbeStackTests.Modelled(machine, "psi_memstall_enter").ShouldHaveSingleItem().Key.ShouldBe(ArticleStall.Replace(' ', ';'));
    }
}
