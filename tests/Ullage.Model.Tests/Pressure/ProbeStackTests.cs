using Ullage.Model.Cgroups;
using Ullage.Model.Tracing;

namespace Ullage.Model.Tests.Pressure;

/// <summary>Call stacks of probed functions against those of real kernels (tests/data/stacks).</summary>
public sealed class ProbeStackTests
{
    /// <summary>bpftrace's text: stack, frames with offsets left out, and count. Equal stacks of different offsets are added.</summary>
    internal static SortedDictionary<string, long> Measured(string name)
    {
        SortedDictionary<string, long> stacks = new(StringComparer.Ordinal);
        List<string> frames = [];
        foreach (string line in File.ReadAllLines(Path.Combine(Kernfs.KernfsData.Root, "stacks", name)))
        {
            if (line.StartsWith("@[", StringComparison.Ordinal))
            {
                frames.Clear();
            }
            else if (line.StartsWith("]: ", StringComparison.Ordinal))
            {
                string key = string.Join(';', frames);
                stacks[key] = stacks.GetValueOrDefault(key) + long.Parse(line[3..], System.Globalization.CultureInfo.InvariantCulture);
            }
            else if (line.StartsWith("    ", StringComparison.Ordinal))
            {
                frames.Add(line.Trim().Split('+')[0]);
            }
        }
        return stacks;
    }

    internal static SortedDictionary<string, long> Modelled(Machine machine, string function)
    {
        SortedDictionary<string, long> stacks = new(StringComparer.Ordinal);
        foreach (ProbeStack stack in machine.Probes.Stacks)
        {
            if (stack.Function == function)
            {
                stacks.Add(string.Join(';', stack.Frames), stack.Count);
            }
        }
        return stacks;
    }

    private static Machine GrowToOom(string era, int version, bool swapAccounting, string function)
    {
        Machine machine = Workloads.Boot(era, version, cpus: 1, swapAccounting: swapAccounting);
        machine.Probes.TryAttach(function).ShouldBeTrue();
        Cgroup cgroup = machine.Make("/g", 25600);
        TaskStruct task = machine.Enter(cgroup);
        machine.Grow(task, 30000, out _);
        return machine;
    }

    /// <summary>5.4: 7; 5.10 and 6.12: exactly 35, all from the anonymous fault.</summary>
    [Theory]
    [InlineData("5.4", 1, "psi_memstall_enter-5.4-v1-E3-anon100M.txt")]
    [InlineData("5.10", 1, "psi_memstall_enter-5.10-v1-E3-anon100M.txt")]
    [InlineData("6.12", 2, "psi_memstall_enter-6.12-v2-E3-anon100M.txt")]
    public void PsiMemstallEnterGrowthToOomIsAsMeasured(string era, int version, string file) =>
        Modelled(GrowToOom(era, version, swapAccounting: era == "5.10", "psi_memstall_enter"), "psi_memstall_enter").ShouldBe(Measured(file));

    /// <summary>Every modelled path is one of the measured ones; the large ones have as many calls, give or take one batch of single charges.</summary>
    [Theory]
    [InlineData("4.15", 1, false)]
    [InlineData("5.4", 1, false)]
    [InlineData("5.10", 1, true)]
    [InlineData("6.12", 2, false)]
    public void PageCounterTryChargeGrowthToOomTakesMeasuredPaths(string era, int version, bool swapAccounting)
    {
        Machine machine = GrowToOom(era, version, swapAccounting, "page_counter_try_charge");
        SortedDictionary<string, long> measured = Measured($"page_counter_try_charge-{era}-v{version}-E3-anon100M.txt");
        long slack = ((2 * machine.Era.Charging.Batch) + 32) * (swapAccounting ? 2 : 1); // a single charge tries twice, memory+swap both counters
        foreach ((string stack, long count) in Modelled(machine, "page_counter_try_charge"))
        {
            bool slab = stack.Contains("slab", StringComparison.Ordinal); // the measured worker's slabs were charged at other calls
            if (!slab || measured.ContainsKey(stack))
            {
                measured.ShouldContainKey(stack);
                count.ShouldBeInRange(measured[stack] - slack, measured[stack] + 32, stack);
            }
        }
    }

    [Fact]
    public void HitOomKillCountsTheKill()
    {
        Machine machine = Workloads.Boot("6.12", 2, cpus: 1);
        foreach (string function in machine.Probes.Functions)
        {
            machine.Probes.TryAttach(function).ShouldBeTrue();
        }
        Cgroup cgroup = machine.Make("/g", 1000);
        machine.Grow(machine.Enter(cgroup), 3000, out _);
        Modelled(machine, "oom_kill_process").ShouldHaveSingleItem().Key
            .ShouldBe("oom_kill_process;out_of_memory;mem_cgroup_out_of_memory;try_charge_memcg;__mem_cgroup_charge;do_anonymous_page;__handle_mm_fault;handle_mm_fault;do_user_addr_fault;exc_page_fault;asm_exc_page_fault");
        Modelled(machine, "try_to_free_mem_cgroup_pages").Values.Sum().ShouldBe(Modelled(machine, "psi_memstall_enter").Values.Sum());
        machine.Verify();
    }

    [Fact]
    public void TryAttachFunctionThatTheEraLacksIsRefused()
    {
        Workloads.Boot("4.15").Probes.TryAttach("psi_memstall_enter").ShouldBeFalse();
        Workloads.Boot("6.18").Probes.TryAttach("no_such_function").ShouldBeFalse();
    }
}
