using Ullage.Abi;
using Ullage.Model.Eras;

namespace Ullage.Model.Charging;

/// <summary>A socket as the memory controller sees it: whom its buffers are charged to, and how many pages they are.</summary>
[Kernel("struct sock", "include/net/sock.h", Deviation = "Only what it is charged: no protocol, no queues, no minimum that a socket may always have.")]
public sealed class SocketAccount
{
    internal SocketAccount(MemCgroup? memcg) => Memcg = memcg;

    /// <summary>The cgroup of the task that made it, whatever becomes of the task; null = its buffers are charged to nobody.</summary>
    public MemCgroup? Memcg { get; }

    /// <summary>Pages charged for its buffers.</summary>
    public int Pages { get; internal set; }

    /// <summary>It was closed.</summary>
    public bool Closed { get; internal set; }
}

/// <summary>
/// Memory of sockets (§2.13, §2.15). v2 charges it to memory, where it is <c>sock</c> in memory.stat; v1 counts it apart, in memory.kmem.tcp.*, and only
/// for sockets made after a limit was written there. Neither reclaims sockets: a refusal, or reclaim that gets hard, puts the cgroup under socket
/// pressure, and the network stops to let buffers grow.
/// </summary>
[Kernel("mem_cgroup_charge_skmem", "mm/memcontrol.c")]
public sealed class SocketMemory
{
    private readonly Machine _machine;
    private readonly SocketRules _rules;

    internal SocketMemory(Machine machine) => (_machine, _rules) = (machine, machine.Era.Sockets);

    /// <summary>socket(2), as far as the controller hears of it. The socket keeps its cgroup in memory until it is closed.</summary>
    [Kernel("mem_cgroup_sk_alloc", "mm/memcontrol.c")]
    public SocketAccount Open(TaskStruct task)
    {
        ArgumentNullException.ThrowIfNull(task);
        MemCgroup memcg = task.Cgroup.Memcg;
        bool accounts = !memcg.IsRoot && memcg.Online && (memcg.IsV1 ? memcg.TcpActive : _rules.OnV2);
        if (accounts)
        {
            memcg.References++;
            memcg.Sockets++;
        }
        return new SocketAccount(accounts ? memcg : null);
    }

    /// <summary>Buffers of a socket grow by so many pages.</summary>
    /// <param name="socket">An open socket.</param>
    /// <param name="pages">How many, at least 1.</param>
    /// <param name="mayWait">False when a packet comes in, which happens in an interrupt: then nothing is reclaimed.</param>
    /// <param name="mustSucceed">The socket may have this much in any case.</param>
    /// <returns>False = refused: the socket has what it had, and the packet is dropped or the writer waits.</returns>
    [Kernel("__sk_mem_raise_allocated", "net/core/sock.c")]
    public bool TryCharge(SocketAccount socket, int pages, bool mayWait = true, bool mustSucceed = false)
    {
        ArgumentNullException.ThrowIfNull(socket);
        ArgumentOutOfRangeException.ThrowIfLessThan(pages, 1);
        ObjectDisposedException.ThrowIf(socket.Closed, socket);
        bool charged = socket.Memcg is not { } memcg || (memcg.IsV1 ? TryChargeTcp(memcg, pages, mustSucceed) : TryChargeMemory(memcg, pages, mayWait, mustSucceed));
        socket.Pages += charged && socket.Memcg is not null ? pages : 0;
        return charged;
    }

    private bool TryChargeTcp(MemCgroup memcg, int pages, bool mustSucceed)
    {
        if (_rules.Refusal == SocketRefusal.ChargedUnasked)
        {
            memcg.Tcpmem.Charge(pages);
            memcg.TcpPressure = IsOver(memcg.Tcpmem);
        }
        else
        {
            memcg.TcpPressure = memcg.Tcpmem.TryCharge(pages) is not null;
            if (!memcg.TcpPressure)
            {
                return true;
            }
            if (mustSucceed || _rules.Refusal == SocketRefusal.ChargedAnyway)
            {
                memcg.Tcpmem.Charge(pages);
            }
        }
        if (!memcg.TcpPressure || mustSucceed)
        {
            return true;
        }
        if (_rules.Refusal != SocketRefusal.Refused)
        {
            memcg.Tcpmem.Uncharge(pages); // the network suppresses it
        }
        return false;
    }

    private static bool IsOver(PageCounter? counter)
    {
        for (; counter is not null; counter = counter.Parent)
        {
            if (counter.Usage > counter.Max)
            {
                return true;
            }
        }
        return false;
    }

    private bool TryChargeMemory(MemCgroup memcg, int pages, bool mayWait, bool mustSucceed)
    {
        Gfp gfp = mayWait ? Gfp.Kernel : Gfp.NoWait;
        bool charged = _machine.Charge.Charge(memcg, gfp, pages) == ChargeStatus.Charged;
        if (!charged && (mustSucceed || _rules.Refusal == SocketRefusal.ChargedAnyway))
        {
            bool forced = _machine.Charge.Charge(memcg, gfp | Gfp.NoFail, pages) == ChargeStatus.Charged;
            if (!forced)
            {
                _machine.Charge.ForceCharge(memcg, pages);
            }
            charged = mustSucceed;
            if (!charged)
            {
                _machine.Stock.Refill(_machine.CurrentCpu, memcg, pages); // the network suppresses it
            }
        }
        memcg.Stats.Add(_machine.CurrentCpu, MemcgStat.Sock, charged ? pages : 0);
        return charged;
    }

    /// <summary>Buffers of a socket shrink. On v2 the pages go to the CPU's stock, as they came from there.</summary>
    [Kernel("mem_cgroup_uncharge_skmem", "mm/memcontrol.c")]
    public void Uncharge(SocketAccount socket, int pages)
    {
        ArgumentNullException.ThrowIfNull(socket);
        ArgumentOutOfRangeException.ThrowIfNegative(pages);
        if (socket.Memcg is not { } memcg || pages == 0)
        {
            return;
        }
        ArgumentOutOfRangeException.ThrowIfGreaterThan(pages, socket.Pages);
        socket.Pages -= pages;
        if (memcg.IsV1)
        {
            memcg.Tcpmem.Uncharge(pages);
            memcg.TcpPressure &= _rules.Refusal != SocketRefusal.ChargedUnasked || IsOver(memcg.Tcpmem);
            return;
        }
        memcg.Stats.Add(_machine.CurrentCpu, MemcgStat.Sock, -pages);
        _machine.Stock.Refill(_machine.CurrentCpu, memcg, pages);
    }

    /// <summary>The network must not let buffers of this socket grow: the last charge was refused (v1), or reclaim of its cgroup or one above was at least medium hard within the last second.</summary>
    [Kernel("mem_cgroup_under_socket_pressure", "include/linux/memcontrol.h")]
    public bool IsUnderPressure(SocketAccount socket)
    {
        ArgumentNullException.ThrowIfNull(socket);
        if (socket.Memcg is { IsV1: true, TcpPressure: true })
        {
            return true;
        }
        for (MemCgroup? m = socket.Memcg; m is not null; m = m.HierarchyParent)
        {
            if (m.Pressure is { } pressure && pressure.SocketPressureUntilNs > _machine.TimeNs)
            {
                return true;
            }
        }
        return false;
    }

    /// <summary>close(2): what it was charged is given back, and its cgroup is no longer kept in memory.</summary>
    [Kernel("mem_cgroup_sk_free", "mm/memcontrol.c")]
    public void Close(SocketAccount socket)
    {
        ArgumentNullException.ThrowIfNull(socket);
        if (socket.Closed)
        {
            return;
        }
        Uncharge(socket, socket.Pages);
        socket.Closed = true;
        if (socket.Memcg is { } memcg)
        {
            memcg.Sockets--;
            _machine.Hierarchy.Put(memcg, 1);
        }
    }

    /// <summary>memory.kmem.tcp.limit_in_bytes was written: sockets made from now on are accounted.</summary>
    [Kernel("memcg_update_tcp_max", "mm/memcontrol-v1.c")]
    internal Errno SetLimit(MemCgroup memcg, long pages)
    {
        Errno errno = memcg.Tcpmem.TrySetMax(pages);
        if (errno == Errno.None)
        {
            memcg.TcpActive = !_rules.UnlimitedEndsIt || pages < Abi.Units.KernelConstants.PageCounterMax;
        }
        return errno;
    }
}
