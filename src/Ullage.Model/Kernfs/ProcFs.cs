using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Ullage.Abi;
using Ullage.Abi.Files;
using Ullage.Abi.Text;
using Ullage.Abi.Units;
using Ullage.Model.Pages;
using Ullage.Model.Pressure;

namespace Ullage.Model.Kernfs;

/// <summary>/proc: the machine's totals, its settings and its processes (§11.6).</summary>
[Kernel("proc_root", "fs/proc/root.c")]
internal sealed class ProcFs(Machine machine, Sysctls sysctls)
{
    // In the kernel's order: by length, then by name.
    private static readonly ImmutableArray<string> RootNames =
        ["sys/", "swaps", "uptime", "vmstat", "cgroups", "meminfo", "version", "slabinfo", "zoneinfo", "buddyinfo"];

    private readonly ProcPid _pids = new(machine);
    private readonly PressureFiles _pressure = new(machine);
    private readonly FsSysctls _fs = new(machine);
    private readonly SysctlFiles _vm = new(machine, sysctls);

    public KernelRead Read(ReadOnlySpan<string> path)
    {
        if (path.Length == 0)
        {
            return KernelRead.Failed(Errno.EISDIR);
        }
        if (path[0] == "sys")
        {
            return FsSysctls.Has(path[1..]) ? _fs.Read(path[1..]) : _vm.Read(path[1..]);
        }
        if (IsPressure(path[0]))
        {
            return path.Length == 1 ? KernelRead.Failed(Errno.EISDIR) : path.Length == 2 ? _pressure.ReadProc(path[1])
                : KernelRead.Failed(_pressure.ReadProc(path[1]).Errno == Errno.ENOENT ? Errno.ENOENT : Errno.ENOTDIR);
        }
        if (Task(path[0]) is { } task)
        {
            return path.Length == 1 ? KernelRead.Failed(Errno.EISDIR) : _pids.Read(task, path[1..]);
        }
        string? text = Show(path[0]);
        return text is null ? KernelRead.Failed(Errno.ENOENT) : path.Length > 1 ? KernelRead.Failed(Errno.ENOTDIR) : KernelRead.Of(text);
    }

    private bool IsPressure(string name) => name == "pressure" && machine.Era.Pressure.Exists;

    private string? Show(string name) => name switch
    {
        "meminfo" => new ProcMeminfo(machine).Text(),
        "vmstat" => new ProcVmstat(machine, sysctls).Text(),
        "cgroups" => ShowCgroups(),
        "zoneinfo" => new ProcZoneinfo(machine, sysctls).Text(),
        "buddyinfo" => Buddyinfo(),
        "swaps" => Swaps(),
        "slabinfo" => new SlabInfo(ValueList.From(machine.Slab.RootRows())).Format(),
        "uptime" => Uptime(),
        "version" => $"Linux version {machine.Era.Release} (ullage@model) (modelled, not compiled) #1 SMP\n",
        _ => null,
    };

    /// <summary>A thread's directory can be opened by its own id, too, although it is not listed.</summary>
    private TaskStruct? Task(string name) =>
        int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out int pid) && name[0] != '0' ? machine.Tasks.Find(pid) : null;

    public Errno Write(ReadOnlySpan<string> path, string text)
    {
        if (path.Length == 0)
        {
            return Errno.EISDIR;
        }
        if (path[0] == "sys")
        {
            return FsSysctls.Has(path[1..]) ? _fs.Write(path[1..]) : _vm.Write(path[1..], text);
        }
        if (IsPressure(path[0]))
        {
            return path.Length == 1 ? Errno.EISDIR : path.Length == 2 ? _pressure.WriteProc(path[1], text)
                : _pressure.ReadProc(path[1]).Errno == Errno.ENOENT ? Errno.ENOENT : Errno.ENOTDIR;
        }
        if (Task(path[0]) is { } task)
        {
            return path.Length == 1 ? Errno.EISDIR : _pids.Write(task, path[1..], text);
        }
        return Show(path[0]) is null ? Errno.ENOENT : path.Length > 1 ? Errno.ENOTDIR
            : machine.Current is { Signal.IsPrivileged: false } ? Errno.EACCES : Errno.EIO; // there is no write handler
    }

    public KernelList List(ReadOnlySpan<string> path)
    {
        if (path.Length == 0)
        {
            return new KernelList(Errno.None, RootList());
        }
        if (path[0] == "sys")
        {
            return FsSysctls.Has(path[1..]) ? FsSysctls.List(path[1..]) : _vm.List(path[1..]);
        }
        if (IsPressure(path[0]))
        {
            return path.Length == 1 ? new KernelList(Errno.None, [.. _pressure.ProcNames])
                : KernelList.Failed(_pressure.ReadProc(path[1]).Errno == Errno.ENOENT ? Errno.ENOENT : Errno.ENOTDIR);
        }
        if (Task(path[0]) is not null)
        {
            return path.Length == 1 ? new KernelList(Errno.None, [.. _pids.Names])
                : KernelList.Failed(_pids.Has(path[1]) ? Errno.ENOTDIR : Errno.ENOENT);
        }
        return KernelList.Failed(Show(path[0]) is null ? Errno.ENOENT : Errno.ENOTDIR);
    }

    private List<string> RootList()
    {
        List<string> names = [.. RootNames];
        if (machine.Era.Pressure.Exists)
        {
            names.Add("pressure/");
        }
        foreach (TaskStruct task in machine.Tasks.All)
        {
            if (task == task.Signal.Leader)
            {
                names.Add(task.Pid.ToString(CultureInfo.InvariantCulture) + "/");
            }
        }
        return names;
    }

    /// <summary>v1: what is not mounted has hierarchy 0 and one cgroup; v2: all are in the one hierarchy, number 0. Dying cgroups count (§5.1).</summary>
    [Kernel("proc_cgroupstats_show", "kernel/cgroup/cgroup-v1.c")]
    private string ShowCgroups()
    {
        StringBuilder text = new("#subsys_name\thierarchy\tnum_cgroups\tenabled\n");
        foreach (string name in machine.Era.Proc.Controllers)
        {
            Cgroups.CgroupHierarchy? at = HierarchyOf(name);
            text.Append(CultureInfo.InvariantCulture, $"{name}\t{at?.Id ?? 0}\t{at?.Count ?? 1}\t1\n");
        }
        return text.ToString();
    }

    /// <summary>Where a controller is mounted; null = nowhere. On v2 all are in the one hierarchy.</summary>
    private Cgroups.CgroupHierarchy? HierarchyOf(string controller)
    {
        foreach (Cgroups.CgroupHierarchy each in machine.Hierarchies)
        {
            if (each.Version == 2 || (controller == "memory" && each.HasMemory) || (controller == "pids" && each.HasPids) || (controller == "cpuset" && each.HasCpuset))
            {
                return each;
            }
        }
        return null;
    }

    [Kernel("frag_show", "mm/vmstat.c")]
    private string Buddyinfo()
    {
        StringBuilder text = new();
        foreach (Zone zone in machine.Frames.Zones)
        {
            text.Append(CultureInfo.InvariantCulture, $"Node {zone.NodeId}, zone {zone.Name,8} ");
            foreach (int blocks in BuddyCounts.Of(machine.Frames, zone))
            {
                text.Append(CultureInfo.InvariantCulture, $"{blocks,6} ");
            }
            text.Append('\n');
        }
        return text.ToString();
    }

    private string Swaps()
    {
        const int kbPerPage = KernelConstants.PageSize / 1024;
        ulong size = (ulong)machine.Swap.Map.Pages * kbPerPage;
        ulong used = (ulong)machine.Swap.Map.Used * kbPerPage;
        ValueList<SwapArea> areas = ValueList.From<SwapArea>(size == 0 ? [] : [new SwapArea("/dev/vdb", IsPartition: true, size, used, -2)]);
        return new SwapsFile(areas, machine.Era.Proc.WideSwapColumns).Format();
    }

    [Kernel("uptime_proc_show", "fs/proc/uptime.c", Deviation = "Idle time is all time of all CPUs: busy time is not counted.")]
    private string Uptime()
    {
        long hundredths = machine.TimeNs / 10_000_000;
        long idle = hundredths * machine.Options.Cpus;
        return string.Create(CultureInfo.InvariantCulture, $"{hundredths / 100}.{hundredths % 100:D2} {idle / 100}.{idle % 100:D2}\n");
    }
}
