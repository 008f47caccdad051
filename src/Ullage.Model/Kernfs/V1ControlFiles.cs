using System.Globalization;
using Ullage.Abi;
using Ullage.Abi.Files;
using Ullage.Abi.Text;
using Ullage.Abi.Units;
using Ullage.Model.Charging;
using static Ullage.Model.Kernfs.ControlFile;

namespace Ullage.Model.Kernfs;

/// <summary>v1: the memory controller's switches and reports (§2.7, §2.14, §11.2).</summary>
[Kernel("mem_cgroup_legacy_files", "mm/memcontrol-v1.c")]
internal sealed class V1ControlFiles(Machine machine, LimitWrites limits, Sysctls sysctls)
{

    public IEnumerable<ControlFile> Files()
    {
        yield return Memory("memory.stat", memcg => MemoryStatText.V1(machine, memcg));
        yield return Memory("memory.numa_stat", memcg => NumaStatText.V1(machine, memcg));
        yield return Memory("memory.force_empty", null, (memcg, _) => limits.ForceEmpty(memcg));
        yield return Memory("memory.use_hierarchy", memcg => Line(memcg.UseHierarchy ? 1 : 0), WithNumber(SetUseHierarchy));
        yield return Memory("memory.swappiness", ShowSwappiness, WithNumber(SetSwappiness));
        yield return Memory("memory.move_charge_at_immigrate", memcg => memcg.MoveChargeAtImmigrate.ToString(CultureInfo.InvariantCulture) + "\n", WithNumber(SetMoveCharge));
        yield return Memory("memory.oom_control", ShowOomControl, WithNumber(SetOomControl));
        yield return Memory("memory.kmem.slabinfo", ShowSlabinfo);
        yield return new ControlFile("memory.pressure_level"); // only for cgroup.event_control
        yield return new ControlFile("cgroup.event_control", Write: new EventControl(machine).Write) { WorldWritable = true };
    }

    /// <summary>v1's unsigned files take kstrtoull's syntax, blanks are not stripped (measured).</summary>
    internal static Func<MemCgroup, string, Errno> WithNumber(Func<MemCgroup, ulong, Errno> set) => (memcg, text) =>
    {
        Errno errno = KernelNumber.TryParseULong(text, out ulong value);
        return errno != Errno.None ? errno : set(memcg, value);
    };

    [Kernel("mem_cgroup_hierarchy_write", "mm/memcontrol.c")]
    private Errno SetUseHierarchy(MemCgroup memcg, ulong value)
    {
        if (!machine.Era.Charging.NonHierarchicalPossible)
        {
            machine.Deprecations.Warn(value == 1 ? null : machine.Era.Deprecated.FlatHierarchy);
            return value == 1 ? Errno.None : Errno.EINVAL;
        }
        if (memcg.UseHierarchy == (value == 1) && value <= 1)
        {
            return Errno.None;
        }
        if (value > 1 || memcg.Parent is { UseHierarchy: true })
        {
            return Errno.EINVAL;
        }
        if (memcg.Cgroup.Children.Count > 0)
        {
            return Errno.EBUSY;
        }
        memcg.UseHierarchy = value == 1;
        return Errno.None;
    }

    private string ShowSwappiness(MemCgroup memcg) => Line(memcg.IsRoot ? sysctls.Swappiness : memcg.Swappiness);

    [Kernel("mem_cgroup_swappiness_write", "mm/memcontrol-v1.c")]
    private Errno SetSwappiness(MemCgroup memcg, ulong value)
    {
        if (value > (ulong)machine.Era.Cgroups.V1SwappinessMax)
        {
            return Errno.EINVAL;
        }
        if (memcg.IsRoot)
        {
            sysctls.Swappiness = (int)value;
        }
        else
        {
            memcg.Swappiness = (int)value;
        }
        return Errno.None;
    }

    /// <summary>The mask is a 32-bit constant, so that bits above it pass (measured: 2^63 is taken).</summary>
    [Kernel("mem_cgroup_move_charge_write", "mm/memcontrol-v1.c")]
    private Errno SetMoveCharge(MemCgroup memcg, ulong value)
    {
        machine.Deprecations.Warn(machine.Era.Deprecated.MoveCharge);
        if (machine.Era.Cgroups.ChargeMovingGone)
        {
            return value == 0 ? Errno.None : Errno.EINVAL;
        }
        if ((value & 0xffff_fffc) != 0)
        {
            return Errno.EINVAL;
        }
        memcg.MoveChargeAtImmigrate = value;
        return Errno.None;
    }

    [Kernel("mem_cgroup_oom_control_read", "mm/memcontrol-v1.c")]
    private string ShowOomControl(MemCgroup memcg)
    {
        string text = "oom_kill_disable " + Line(memcg.OomKillDisable ? 1 : 0) + "under_oom " + Line(memcg.UnderOom > 0 ? 1 : 0);
        return machine.Era.Oom.OomControlShowsKills ? text + "oom_kill " + Line(memcg.Events(MemcgEvent.OomKill)) : text;
    }

    [Kernel("mem_cgroup_oom_control_write", "mm/memcontrol-v1.c")]
    private Errno SetOomControl(MemCgroup memcg, ulong value)
    {
        machine.Deprecations.Warn(machine.Era.Deprecated.OomControl);
        if (memcg.IsRoot || value > 1)
        {
            return Errno.EINVAL;
        }
        memcg.OomKillDisable = value == 1;
        if (value == 0)
        {
            machine.Oom.Recover(memcg);
        }
        return Errno.None;
    }

    private string ShowSlabinfo(MemCgroup memcg)
    {
        IReadOnlyList<SlabInfoRow> rows = machine.Slab.Rows(memcg);
        return rows.Count == 0 ? "" : new SlabInfo(ValueList.From(rows)).Format();
    }
}
