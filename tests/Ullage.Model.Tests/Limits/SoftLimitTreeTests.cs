using Ullage.Abi;
using Ullage.Model.Cgroups;
using Ullage.Model.Charging;
using Ullage.Model.Reclaim;
using Ullage.Model.Tests.Kernfs;

namespace Ullage.Model.Tests.Limits;

/// <summary>§2.12: the order in which global reclaim will take the cgroups above their soft limit.</summary>
public sealed class SoftLimitTreeTests
{
    private readonly Machine _machine = Workloads.Boot("5.4");

    private MemCgroup Make(string path, long soft, long usage)
    {
        MemCgroup memcg = _machine.Make(path).Memcg;
        memcg.SoftLimit = soft;
        memcg.Memory.Charge(usage);
        return memcg;
    }

    [Fact]
    public void TakeLargest_GoesByExcess_AndByTheLastComerAmongEquals()
    {
        SoftLimitTree tree = _machine.SoftLimits;
        MemCgroup a = Make("/a", 100, 150);
        MemCgroup b = Make("/b", 0, 70);
        MemCgroup c = Make("/c", 100, 150);
        MemCgroup under = Make("/d", 100, 100);
        foreach (MemCgroup memcg in (MemCgroup[])[a, b, c, under])
        {
            tree.Update(memcg);
        }
        tree.Count.ShouldBe(3);
        tree.TakeLargest().ShouldBe(b);
        tree.TakeLargest().ShouldBe(c);
        tree.TakeLargest().ShouldBe(a);
        tree.TakeLargest().ShouldBeNull();
    }

    [Fact]
    public void TakeLargest_PassesOverThoseThatFellBelow()
    {
        MemCgroup a = Make("/a", 100, 200);
        MemCgroup b = Make("/b", 100, 150);
        _machine.SoftLimits.Update(a);
        _machine.SoftLimits.Update(b);
        a.Memory.Uncharge(150); // its place is looked after later
        _machine.SoftLimits.TakeLargest().ShouldBe(b);
        _machine.SoftLimits.TakeLargest().ShouldBeNull();
    }

    [Fact]
    public void Update_LooksAfterAncestorsToo()
    {
        MemCgroup parent = Make("/p", 10, 0);
        MemCgroup child = Make("/p/c", 100, 50);
        _machine.SoftLimits.Update(child);
        _machine.SoftLimits.TakeLargest().ShouldBe(parent);
        SoftLimitTree.ExcessOf(parent).ShouldBe(40);
    }

    [Fact]
    public void Growth_BringsACgroupIntoTheTreeByItself_AndItsEndOut()
    {
        Cgroup cgroup = _machine.Make("/g");
        _machine.Set(cgroup, "memory.soft_limit_in_bytes", "1M").ShouldBe(Errno.None);
        TaskStruct task = _machine.Enter(cgroup);
        _machine.Grow(task, 3000, out _).ShouldBe(3000);
        _machine.SoftLimits.Count.ShouldBe(1);
        _machine.ExitGroup(task.Signal, 0, 0);
        _machine.RunDueWork(long.MaxValue - 1);
        _machine.AsHarness();
        _machine.Hierarchy.Rmdir("/g").ShouldBe(Errno.None);
        _machine.SoftLimits.TakeLargest().ShouldBeNull();
    }
}
