using FsCheck;
using FsCheck.Fluent;
using Ullage.Abi;
using Ullage.Model.Cgroups;
using Ullage.Model.Charging;
using Ullage.Model.Eras;
using Ullage.Model.Tests.Kernfs;

namespace Ullage.Model.Tests.Limits;

/// <summary>§1.5 and §1.6: who is protected, and by how much, in each rule set.</summary>
public sealed class ProtectionTests
{
    private const long G = 1L << 18; // pages

    [Fact]
    public void Section13_7_OvercommittedParentSharesByClaim()
    {
        Protection.Effective(900, 1200, 800, 1000, 1100, recursive: false).ShouldBe(727);
        Protection.Effective(300, 1200, 600, 1000, 1100, recursive: false).ShouldBe(272);
    }

    [Fact]
    public void Section13_7_RecursiveProtectionSharesWhatNobodyClaims()
    {
        Protection.Effective(900, 1200, 800, 1500, 1100, recursive: true).ShouldBe(1200);
        Protection.Effective(300, 1200, 600, 1500, 1100, recursive: true).ShouldBe(300);
        Protection.Effective(900, 1200, 800, 1500, 1100, recursive: false).ShouldBe(800);
    }

    /// <summary>The example of the kernel's documentation: A low 2G; B low 3G uses 2G, C low 1G uses 2G, D low 0 uses 2G, E low 10G uses nothing.</summary>
    private static (Machine Machine, MemCgroup[] Groups) Documented(string era, bool recursive = false)
    {
        Machine machine = Machine.Boot(new MachineOptions { Era = Workloads.Era(era), MemoryRecursiveProt = recursive });
        machine.Hierarchy.Root.DistributesMemory = true;
        Cgroup a = machine.Make("/a");
        a.DistributesMemory = true;
        MemCgroup[] groups = [a.Memcg, .. "bcde".Select(name => machine.Make("/a/" + name).Memcg)];
        long[] low = [2, 3, 1, 0, 10];
        long[] usage = [0, 2, 2, 2, 0];
        for (int i = 0; i < groups.Length; i++)
        {
            groups[i].Memory.Charge(usage[i] * G);
            machine.Set(groups[i].Cgroup, "memory.low", $"{low[i]}G").ShouldBe(Errno.None);
        }
        return (machine, groups);
    }

    [Theory]
    [InlineData("5.10", 2L * 2 * G / 3, 1L * 2 * G / 3)]
    [InlineData("6.12", 2L * 2 * G / 3, 1L * 2 * G / 3)]
    [InlineData("5.4", 2L * G, 1L * G)] // c uses more than its low and so claims nothing yet
    [InlineData("4.19", 2L * G, 1L * G)]
    public void Section1_6_DocumentedExample(string era, long b, long c)
    {
        (Machine machine, MemCgroup[] groups) = Documented(era);
        MemCgroup root = machine.Hierarchy.Root.Memcg;
        foreach (MemCgroup group in groups)
        {
            machine.Protection.Of(root, group);
        }
        groups.Select(group => group.Memory.Low.Effective).Take(4).ShouldBe([2 * G, b, c, 0]);
        groups[0].Memory.Low.ClaimedBelow.ShouldBe(era is "5.10" or "6.12" ? 3 * G : 2 * G);
    }

    [Theory]
    [InlineData("5.4")]
    [InlineData("5.10")]
    public void Of_UsageWithinTheShare_IsProtectedByTheStrongerKind(string era)
    {
        (Machine machine, MemCgroup[] groups) = Documented(era);
        MemCgroup a = groups[0];
        machine.Protection.Of(machine.Hierarchy.Root.Memcg, a).ShouldBe(ProtectionState.None);
        machine.Protection.Of(a, groups[1]).ShouldBe(ProtectionState.Low); // 2G of 3G; its parent is the target and does not cut it
        machine.Set(groups[1].Cgroup, "memory.min", "2G").ShouldBe(Errno.None);
        machine.Protection.Of(a, groups[1]).ShouldBe(ProtectionState.Min);
        machine.Protection.Of(a, groups[2]).ShouldBe(ProtectionState.None);
        machine.Protection.Of(machine.Hierarchy.Root.Memcg, machine.Hierarchy.Root.Memcg).ShouldBe(ProtectionState.None);
    }

    [Theory]
    [InlineData("6.1", ProtectionState.Low)] // values of an earlier walk still count
    [InlineData("6.12", ProtectionState.None)]
    public void Of_Target_IsProtectedFromItselfOnlyInOldEras(string era, object expected)
    {
        Machine machine = Workloads.Boot(era, 2);
        MemCgroup memcg = machine.Make("/a").Memcg;
        memcg.Memory.Charge(100);
        memcg.Low = 200;
        machine.Protection.Of(machine.Hierarchy.Root.Memcg, memcg).ShouldBe(ProtectionState.Low);
        machine.Protection.Of(memcg, memcg).ShouldBe((ProtectionState)expected);
    }

    [Fact]
    public void Of_BeforeMemoryMin_NeedsEveryLevelBelowItsLow()
    {
        Machine machine = Workloads.Boot("4.15", 2);
        machine.Hierarchy.Root.DistributesMemory = true;
        Cgroup a = machine.Make("/a");
        a.DistributesMemory = true;
        MemCgroup b = machine.Make("/a/b").Memcg;
        b.Memory.Charge(100);
        (a.Memcg.Low, b.Low) = (101, 101);
        machine.Protection.Of(machine.Hierarchy.Root.Memcg, b).ShouldBe(ProtectionState.Low);
        a.Memcg.Low = 100; // usage is not below it
        machine.Protection.Of(machine.Hierarchy.Root.Memcg, b).ShouldBe(ProtectionState.None);
        machine.Protection.Of(a.Memcg, b).ShouldBe(ProtectionState.Low); // the target itself is not asked
        b.Low = 100;
        machine.Protection.Of(a.Memcg, b).ShouldBe(ProtectionState.None);
    }

    [Fact]
    public void Boot_RecursiveProtOfAnEraWithoutIt_IsRefused() =>
        Should.Throw<ArgumentException>(() => Documented("5.4", recursive: true)).Message.ShouldContain("memory_recursiveprot");

    /// <summary>Whatever is charged, uncharged and written, a parent knows what its children claim.</summary>
    [Fact]
    public void ClaimsAddUpAfterAnySequence()
    {
        Gen<(int Rule, int[] Calls)> cases = from rule in Gen.Choose(0, 2) from calls in Gen.ArrayOf(Gen.Choose(0, 1 << 20), 60) select (rule, calls);
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(500), Prop.ForAll(cases.ToArbitrary(), c =>
        {
            PageCounter top = new(null, null, true) { Protection = (ProtectionRule)c.Rule };
            PageCounter middle = new(top, null, true) { Protection = (ProtectionRule)c.Rule };
            PageCounter[] leaves = [.. Enumerable.Range(0, 3).Select(_ => new PageCounter(middle, null, true) { Protection = (ProtectionRule)c.Rule })];
            foreach (int call in c.Calls)
            {
                PageCounter leaf = leaves[call % 3];
                int amount = call / 16 % 50;
                switch (call / 3 % 5)
                {
                    case 0:
                        leaf.TryCharge(amount);
                        break;
                    case 1:
                        leaf.Uncharge(Math.Min(amount, leaf.Usage));
                        break;
                    case 2:
                        leaf.SetProtection(amount, leaf.Low.Setting);
                        break;
                    case 3:
                        (call % 2 == 0 ? middle : leaf).SetProtection(0, amount);
                        break;
                    default:
                        middle.TrySetMax(middle.Usage + amount);
                        break;
                }
            }
            return middle.Min.ClaimedBelow == leaves.Sum(leaf => Expected(leaf, leaf.Min.Setting)) && middle.Low.ClaimedBelow == leaves.Sum(leaf => Expected(leaf, leaf.Low.Setting))
                && top.Low.ClaimedBelow == Expected(middle, middle.Low.Setting);
        }));
    }

    private static long Expected(PageCounter counter, long setting) => counter.Protection switch
    {
        ProtectionRule.Capped => Math.Min(counter.Usage, setting),
        ProtectionRule.AllOrNothing => counter.Usage <= setting ? counter.Usage : 0,
        _ => 0,
    };
}
