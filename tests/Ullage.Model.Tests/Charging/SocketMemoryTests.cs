using Ullage.Abi;
using Ullage.Model.Cgroups;
using Ullage.Model.Charging;
using Ullage.Model.Tests.Kernfs;

namespace Ullage.Model.Tests.Charging;

/// <summary>§2.13: buffers of sockets. v1 counts them apart, once a limit was written; v2 charges them to memory.</summary>
public sealed class SocketMemoryTests
{
    private const string Limit = "memory.kmem.tcp.limit_in_bytes";

    private static (Machine Machine, Cgroup Cgroup, TaskStruct Task) Boot(string era, int version)
    {
        Machine machine = Workloads.Boot(era, version);
        Cgroup cgroup = machine.Make("/s");
        TaskStruct task = machine.Enter(cgroup);
        return (machine, cgroup, task);
    }

    private static string Tcp(Machine machine, Cgroup cgroup, string file) => machine.Show(cgroup, "memory.kmem.tcp." + file).TrimEnd('\n');

    private static string Field(Machine machine, Cgroup cgroup, string name) =>
        machine.Show(cgroup, "memory.stat").Split('\n').Single(line => line.StartsWith(name + " ", StringComparison.Ordinal))[(name.Length + 1)..];

    [Theory]
    [MemberData(nameof(Workloads.Eras), MemberType = typeof(Workloads))]
    public void V1_CountsSocketsMadeAfterALimitWasWritten_AndApartFromMemory(string era)
    {
        (Machine machine, Cgroup cgroup, TaskStruct task) = Boot(era, 1);
        SocketAccount before = machine.Sockets.Open(task);
        machine.Sockets.TryCharge(before, 10).ShouldBeTrue();
        machine.Set(cgroup, Limit, "1M").ShouldBe(Errno.None);
        SocketAccount after = machine.Sockets.Open(task);
        long memory = cgroup.Memcg.Memory.Usage;
        machine.Sockets.TryCharge(after, 200).ShouldBeTrue();
        machine.Sockets.TryCharge(before, 10).ShouldBeTrue();
        (before.Memcg, after.Memcg, cgroup.Memcg.Memory.Usage).ShouldBe((null, cgroup.Memcg, memory));
        (Tcp(machine, cgroup, "usage_in_bytes"), Tcp(machine, cgroup, "max_usage_in_bytes"), Tcp(machine, cgroup, "limit_in_bytes")).ShouldBe(("819200", "819200", "1048576"));
        machine.Set(cgroup, Limit, "512K").ShouldBe(Errno.EBUSY);
        machine.Verify();
        machine.Sockets.Close(after);
        machine.Sockets.Close(before);
        Tcp(machine, cgroup, "usage_in_bytes").ShouldBe("0");
        machine.Set(cgroup, "memory.kmem.tcp.max_usage_in_bytes", "x").ShouldBe(Errno.None);
        Tcp(machine, cgroup, "max_usage_in_bytes").ShouldBe("0");
        machine.Verify();
    }

    /// <summary>Over the limit: up to 5.14 the counter is charged first and the network takes it back, which the watermark still shows; 4.1 does not even ask.</summary>
    [Theory]
    [InlineData("4.1", 0, 266)]
    [InlineData("4.15", 1, 266)]
    [InlineData("5.10", 1, 266)]
    [InlineData("6.1", 1, 250)]
    [InlineData("6.12", 1, 250)]
    [InlineData("6.18", 0, 250)] // failcnt is the memory counter's alone (§1.1)
    public void V1_OverTheLimit_IsRefused_AndPutsTheCgroupUnderPressure(string era, int failcnt, long watermark)
    {
        (Machine machine, Cgroup cgroup, TaskStruct task) = Boot(era, 1);
        machine.Set(cgroup, Limit, "1M").ShouldBe(Errno.None);
        SocketAccount socket = machine.Sockets.Open(task);
        machine.Sockets.TryCharge(socket, 250).ShouldBeTrue();
        machine.Sockets.IsUnderPressure(socket).ShouldBeFalse();
        machine.Sockets.TryCharge(socket, 16).ShouldBeFalse();
        machine.Sockets.IsUnderPressure(socket).ShouldBeTrue();
        (socket.Pages, cgroup.Memcg.Tcpmem.Usage, cgroup.Memcg.Tcpmem.Watermark).ShouldBe((250, 250, watermark));
        Tcp(machine, cgroup, "failcnt").ShouldBe($"{failcnt}");
        machine.Sockets.TryCharge(socket, 16, mustSucceed: true).ShouldBeTrue();
        cgroup.Memcg.Tcpmem.Usage.ShouldBe(266);
        machine.Sockets.Uncharge(socket, 200);
        machine.Sockets.TryCharge(socket, 16).ShouldBeTrue();
        machine.Sockets.IsUnderPressure(socket).ShouldBeFalse();
        machine.Oom.Kills.ShouldBe(0);
        machine.Verify();
    }

    [Fact]
    public void V1_ParentsLimit_RefusesForTheChild()
    {
        Machine machine = Workloads.Boot("5.10");
        Cgroup parent = machine.Make("/p");
        Cgroup child = machine.Make("/p/c");
        TaskStruct task = machine.Enter(child);
        machine.Set(parent, Limit, "100K").ShouldBe(Errno.None);
        machine.Sockets.Open(task).Memcg.ShouldBeNull("the child itself has no limit");
        machine.Set(child, Limit, "-1").ShouldBe(Errno.None);
        SocketAccount socket = machine.Sockets.Open(task);
        machine.Sockets.TryCharge(socket, 25).ShouldBeTrue();
        machine.Sockets.TryCharge(socket, 1).ShouldBeFalse();
        (parent.Memcg.Tcpmem.Failcnt, child.Memcg.Tcpmem.Failcnt).ShouldBe((1, 0));
    }

    [Theory]
    [InlineData("4.1", false)]
    [InlineData("4.15", true)]
    public void V1_WritingNoLimit_EndsTheAccountingIn4_1(string era, bool accounts)
    {
        (Machine machine, Cgroup cgroup, TaskStruct task) = Boot(era, 1);
        machine.Set(cgroup, Limit, "1M").ShouldBe(Errno.None);
        machine.Set(cgroup, Limit, "-1").ShouldBe(Errno.None);
        (machine.Sockets.Open(task).Memcg is not null).ShouldBe(accounts);
    }

    [Fact]
    public void V1_TheRootTakesNoLimit()
    {
        (Machine machine, _, _) = Boot("6.12", 1);
        machine.Set(machine.Hierarchy.Root, Limit, "1M").ShouldBe(Errno.EINVAL);
        machine.Sockets.Open(machine.Spawn(new SpawnOptions { Comm = "r" })).Memcg.ShouldBeNull();
    }

    /// <summary>What the kernel's own test asks: memory.current and sock of memory.stat agree, and nothing is left when the connection is gone.</summary>
    [Theory]
    [InlineData("4.15")]
    [InlineData("5.4")]
    [InlineData("5.10")]
    [InlineData("6.1")]
    [InlineData("6.12")]
    [InlineData("6.18")]
    public void V2_ChargesMemory_AndShowsItAsSock(string era)
    {
        (Machine machine, Cgroup cgroup, TaskStruct task) = Boot(era, 2);
        long before = cgroup.Memcg.Memory.Usage - machine.Stock.PagesOf(cgroup.Memcg);
        SocketAccount socket = machine.Sockets.Open(task);
        for (int i = 0; i < 1000; i++)
        {
            machine.Sockets.TryCharge(socket, 1 + (i % 4), mayWait: i % 2 == 0).ShouldBeTrue();
        }
        socket.Pages.ShouldBe(2500);
        (cgroup.Memcg.Memory.Usage - machine.Stock.PagesOf(cgroup.Memcg)).ShouldBe(before + 2500);
        cgroup.Memcg.Stats.Exact(MemcgStat.Sock).ShouldBe(2500);
        long.Parse(Field(machine, cgroup, "sock")).ShouldBeInRange((2500 - 32) * 4096L, 2500 * 4096L); // 4.19 to 5.14 read up to a batch less
        machine.Verify();
        machine.Sockets.Close(socket);
        machine.Sockets.Close(socket);
        cgroup.Memcg.Stats.Exact(MemcgStat.Sock).ShouldBe(0);
        (cgroup.Memcg.Memory.Usage - machine.Stock.PagesOf(cgroup.Memcg)).ShouldBe(before);
        machine.Verify();
    }

    [Theory]
    [InlineData("5.10", 1060)]
    [InlineData("6.18", 1000)]
    public void V2_OverMemoryMax_AnInterruptIsRefusedWithoutReclaim(string era, long atLeastPeak)
    {
        (Machine machine, Cgroup cgroup, TaskStruct task) = Boot(era, 2);
        cgroup.Memcg.Memory.TrySetMax(1050).ShouldBe(Errno.None);
        SocketAccount socket = machine.Sockets.Open(task);
        machine.Sockets.TryCharge(socket, 1000).ShouldBeTrue();
        machine.Sockets.TryCharge(socket, 60, mayWait: false).ShouldBeFalse();
        (socket.Pages, cgroup.Memcg.Stats.Exact(MemcgStat.Sock), machine.Oom.Kills).ShouldBe((1000, 1000, 0));
        cgroup.Memcg.Memory.Watermark.ShouldBeGreaterThanOrEqualTo(atLeastPeak, "up to 5.14 it is charged beyond the limit and given back");
        machine.Verify();
        machine.Sockets.TryCharge(socket, 60, mayWait: false, mustSucceed: true).ShouldBeTrue();
        cgroup.Memcg.Memory.Usage.ShouldBeGreaterThan(1050);
        machine.Verify();
    }

    [Theory]
    [InlineData("4.15", 1, true)]
    [InlineData("6.12", 1, false)] // v1 looks only at its counter then
    [InlineData("6.12", 2, true)]
    public void HardReclaim_PutsSocketsBelowUnderPressureForASecond(string era, int version, bool pressed)
    {
        Machine machine = Workloads.Boot(era, version);
        Cgroup parent = machine.Make("/p");
        parent.DistributesMemory = true;
        Cgroup child = machine.Make("/p/c");
        TaskStruct task = machine.Enter(child);
        if (version == 1)
        {
            machine.Set(child, Limit, "1M").ShouldBe(Errno.None);
        }
        SocketAccount socket = machine.Sockets.Open(task);
        machine.Pressure.Account(parent.Memcg, Gfp.Kernel, tree: false, 512, 100);
        machine.Sockets.IsUnderPressure(socket).ShouldBe(pressed);
        machine.Spend(1_000_000_000);
        machine.Sockets.IsUnderPressure(socket).ShouldBeFalse();
    }

    [Theory]
    [InlineData("4.15", 1)]
    [InlineData("6.12", 2)]
    public void OpenSocket_KeepsARemovedCgroupInMemory(string era, int version)
    {
        (Machine machine, Cgroup cgroup, TaskStruct task) = Boot(era, version);
        if (version == 1)
        {
            machine.Set(cgroup, Limit, "1M").ShouldBe(Errno.None);
        }
        SocketAccount socket = machine.Sockets.Open(task);
        machine.Sockets.TryCharge(socket, 7).ShouldBeTrue();
        machine.ExitGroup(task.Signal, 0, 0);
        machine.RunDueWork(machine.TimeNs + 10_000_000_000);
        machine.Current = null;
        machine.Hierarchy.Rmdir("/s").ShouldBe(Errno.None);
        machine.RunDueWork(machine.TimeNs + 10_000_000_000);
        machine.Verify();
        DyingCgroup dying = machine.DyingCgroups().ShouldHaveSingleItem();
        (dying.Sockets, dying.SocketPages).ShouldBe((1, version == 1 ? 0 : 7));
        machine.Sockets.Close(socket);
        machine.Charge.DrainAllStock(machine.Hierarchy.Root.Memcg);
        machine.RunDueWork(machine.TimeNs + 10_000_000_000);
        machine.DyingCgroups().ShouldBeEmpty();
        machine.Verify();
    }

    [Fact]
    public void AClosedSocketTakesNothing_AndGivesNoMoreThanItHas()
    {
        (Machine machine, _, TaskStruct task) = Boot("6.12", 2);
        SocketAccount socket = machine.Sockets.Open(task);
        machine.Sockets.TryCharge(socket, 5).ShouldBeTrue();
        Should.Throw<ArgumentOutOfRangeException>(() => machine.Sockets.Uncharge(socket, 6));
        Should.Throw<ArgumentOutOfRangeException>(() => machine.Sockets.TryCharge(socket, 0));
        machine.Sockets.Close(socket);
        Should.Throw<ObjectDisposedException>(() => machine.Sockets.TryCharge(socket, 1));
    }
}
