using Ullage.Abi;
using Ullage.Abi.Units;
using Ullage.Model.Cgroups;
using Ullage.Model.Charging;
using Ullage.Model.Reclaim;

namespace Ullage.Model.Kernfs;

/// <summary>
/// v1 cgroup.event_control (§2.15): <c>EVENTFD FILE [ARGUMENTS]</c>, numbers of descriptors. What is registered depends on the file:
/// a usage to be told of when it is crossed, an OOM, or a level of memory pressure.
/// </summary>
[Kernel("memcg_write_event_control", "mm/memcontrol-v1.c")]
internal sealed class EventControl(Machine machine)
{
    public Errno Write(Cgroup cgroup, string text)
    {
        ReadOnlySpan<char> rest = KernelNumber.Strip(text);
        int target = TakeNumber(ref rest);
        if (rest.IsEmpty || rest[0] != ' ')
        {
            return Errno.EINVAL;
        }
        rest = rest[1..];
        int watched = TakeNumber(ref rest);
        if (!rest.IsEmpty && rest[0] != ' ')
        {
            return Errno.EINVAL;
        }
        object? first = machine.Descriptors.Find(target);
        if (first is null)
        {
            return Errno.EBADF;
        }
        if (first is not EventFd fd)
        {
            return Errno.EINVAL;
        }
        object? second = machine.Descriptors.Find(watched);
        if (second is not OpenFile file)
        {
            return second is null ? Errno.EBADF : Errno.EINVAL;
        }
        return file.Cgroup != cgroup || file.File is null ? Errno.EINVAL : Register(cgroup.OwnMemcg!, file.File.Name, fd, rest.IsEmpty ? rest : rest[1..]);
    }

    /// <summary>Decimal digits; none are 0. The character behind them is the caller's to judge.</summary>
    private static int TakeNumber(ref ReadOnlySpan<char> rest)
    {
        uint value = 0;
        while (!rest.IsEmpty && char.IsAsciiDigit(rest[0]))
        {
            value = (value * 10) + (uint)(rest[0] - '0'); // wraps, and is cut to an unsigned int
            rest = rest[1..];
        }
        return (int)value;
    }

    private Errno Register(MemCgroup memcg, string file, EventFd target, ReadOnlySpan<char> arguments)
    {
        switch (file)
        {
            case "memory.usage_in_bytes":
                return RegisterUsage(memcg, target, arguments, memsw: false);
            case "memory.memsw.usage_in_bytes":
                return RegisterUsage(memcg, target, arguments, memsw: true);
            case "memory.oom_control":
                machine.Deprecations.Warn(machine.Era.Deprecated.OomControl);
                RegisterOom(memcg, target);
                return Errno.None;
            case "memory.pressure_level":
                machine.Deprecations.Warn(machine.Era.Deprecated.PressureLevel);
                return RegisterPressure(memcg, target, arguments);
            default:
                return Errno.EINVAL;
        }
    }

    private static MemcgListeners ListenersOf(MemCgroup memcg) => memcg.Listeners ??= new MemcgListeners();

    [Kernel("__mem_cgroup_usage_register_event", "mm/memcontrol-v1.c")]
    private static Errno RegisterUsage(MemCgroup memcg, EventFd target, ReadOnlySpan<char> arguments, bool memsw)
    {
        Errno errno = KernelNumber.TryParsePageCounter(arguments, "-1", out long pages);
        if (errno == Errno.None)
        {
            MemcgListeners listeners = ListenersOf(memcg);
            (memsw ? listeners.Memsw : listeners.Memory).Add(pages, target, (memsw ? memcg.Memsw : memcg.Memory).Usage);
        }
        return errno;
    }

    /// <summary>Who comes while an OOM is going on is told at once.</summary>
    [Kernel("mem_cgroup_oom_register_event", "mm/memcontrol-v1.c")]
    private static void RegisterOom(MemCgroup memcg, EventFd target)
    {
        ListenersOf(memcg).Oom.Add(target);
        if (memcg.UnderOom > 0)
        {
            target.Signal();
        }
    }

    [Kernel("vmpressure_register_event", "mm/vmpressure.c")]
    private Errno RegisterPressure(MemCgroup memcg, EventFd target, ReadOnlySpan<char> arguments)
    {
        int comma = machine.Era.Limits.PressureModes ? arguments.IndexOf(',') : -1;
        PressureLevel? level = (comma < 0 ? arguments : arguments[..comma]) switch
        {
            "low" => PressureLevel.Low,
            "medium" => PressureLevel.Medium,
            "critical" => PressureLevel.Critical,
            _ => null,
        };
        ReadOnlySpan<char> word = comma < 0 ? "default" : arguments[(comma + 1)..];
        int end = word.IndexOf(','); // what stands behind a second comma is not looked at
        PressureMode? mode = (end < 0 ? word : word[..end]) switch
        {
            "default" => PressureMode.Default,
            "hierarchy" => PressureMode.Hierarchy,
            "local" => PressureMode.Local,
            _ => null,
        };
        if (level is null || mode is null)
        {
            return Errno.EINVAL;
        }
        ListenersOf(memcg).Pressure.Add(new PressureListener(target, level.Value, mode.Value));
        return Errno.None;
    }
}
