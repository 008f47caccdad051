using System.Text;
using Ullage.Abi;
using Ullage.Abi.Units;
using Ullage.Model.Charging;
using Ullage.Model.Eras;
using static Ullage.Model.Kernfs.ControlFile;

namespace Ullage.Model.Kernfs;

/// <summary>v2: the memory controller's limits and reports (§2.8, §2.9, §11.3).</summary>
[Kernel("memory_files", "mm/memcontrol.c")]
internal sealed class V2MemoryFiles(Machine machine, LimitWrites limits, Func<MemCgroup, long> rootUsage)
{
    private const string Unlimited = "max";

    public IEnumerable<ControlFile> Files()
    {
        yield return Memory("memory.current", memcg => BytesLine(memcg.IsRoot ? rootUsage(memcg) : memcg.Memory.Usage));
        yield return Limit("memory.min", memcg => memcg.Min, (memcg, pages) => memcg.Min = pages);
        yield return Limit("memory.low", memcg => memcg.Low, (memcg, pages) => memcg.Low = pages);
        yield return Enforced("memory.high", memcg => memcg.High, limits.SetHigh);
        yield return Enforced("memory.max", memcg => memcg.Memory.Max, limits.SetMax);
        yield return Memory("memory.events", memcg => EventLines(machine.Era.Cgroups.EventFields, memcg.Events)) with { ChangesOf = cgroup => cgroup.OwnMemcg!.EventsChanges };
        yield return Memory("memory.events.local", memcg => EventLines(machine.Era.Cgroups.EventFields, memcg.EventsLocal)) with { ChangesOf = cgroup => cgroup.OwnMemcg!.EventsLocalChanges };
        yield return Memory("memory.stat", memcg => MemoryStatText.V2(machine, memcg));
        yield return Memory("memory.numa_stat", memcg => NumaStatText.V2(machine, memcg));
        yield return Memory("memory.oom.group", memcg => Line(memcg.OomGroup ? 1 : 0), SetOomGroup);
        yield return Peak("memory.peak", memcg => memcg.Memory);
        yield return Memory("memory.reclaim", null, WriteReclaim);
        foreach (ControlFile file in SwapFiles())
        {
            yield return file;
        }
    }

    private IEnumerable<ControlFile> SwapFiles()
    {
        yield return Memory("memory.swap.current", memcg => BytesLine(memcg.Swap.Usage));
        yield return Limit("memory.swap.high", memcg => memcg.SwapHigh, (memcg, pages) => memcg.SwapHigh = pages);
        yield return Memory("memory.swap.max", memcg => LimitLine(memcg.Swap.Max), (memcg, text) => WriteLimit(memcg, text, SetSwapMax));
        yield return Peak("memory.swap.peak", memcg => memcg.Swap);
        yield return Memory("memory.swap.events", memcg => EventLines(machine.Era.Cgroups.SwapEventFields, memcgEvent => memcg.Events(SwapEvent(memcgEvent))))
            with { ChangesOf = cgroup => cgroup.OwnMemcg!.SwapEventsChanges };
        yield return Memory("memory.zswap.current", _ => BytesLine(0));
        yield return Limit("memory.zswap.max", memcg => memcg.ZswapMax, (memcg, pages) => memcg.ZswapMax = pages);
        yield return Memory("memory.zswap.writeback", memcg => Line(memcg.ZswapWriteback ? 1 : 0), WithSwitch((memcg, on) => memcg.ZswapWriteback = on));
    }

    private static ControlFile Limit(string name, Func<MemCgroup, long> get, Action<MemCgroup, long> set) =>
        Memory(name, memcg => LimitLine(get(memcg)), (memcg, text) => WriteLimit(memcg, text, (m, pages) =>
        {
            set(m, pages);
            return Errno.None;
        }));

    /// <summary>A limit whose write reclaims what is above it; with O_NONBLOCK it is only set where the era looks at that (§2.9).</summary>
    private ControlFile Enforced(string name, Func<MemCgroup, long> get, Action<MemCgroup, long, bool> set)
    {
        bool maySkip = machine.Era.Limits.NonBlockingWritesOnlyStore;
        return Limit(name, get, (memcg, pages) => set(memcg, pages, false)) with
        {
            WriteNonBlocking = Limit(name, get, (memcg, pages) => set(memcg, pages, maySkip)).Write,
        };
    }

    private static Errno WriteLimit(MemCgroup memcg, string text, Func<MemCgroup, long, Errno> set)
    {
        Errno errno = KernelNumber.TryParsePageCounter(text, Unlimited, out long pages);
        return errno != Errno.None ? errno : set(memcg, pages);
    }

    [Kernel("swap_max_write", "mm/memcontrol.c")]
    private Errno SetSwapMax(MemCgroup memcg, long pages)
    {
        if (machine.Era.Cgroups.SwapMaxIsStrict)
        {
            return memcg.Swap.TrySetMax(pages);
        }
        memcg.Swap.Max = pages;
        return Errno.None;
    }

    private static string EventLines(IReadOnlyList<string> fields, Func<MemcgEvent, long> count)
    {
        StringBuilder text = new();
        foreach (string field in fields)
        {
            text.Append(field).Append(' ').Append(Line(count(Event(field))));
        }
        return text.ToString();
    }

    private static MemcgEvent Event(string field) => field switch
    {
        "low" => MemcgEvent.Low,
        "high" => MemcgEvent.High,
        "max" => MemcgEvent.Max,
        "oom" => MemcgEvent.Oom,
        "oom_kill" => MemcgEvent.OomKill,
        "oom_group_kill" => MemcgEvent.OomGroupKill,
        _ => MemcgEvent.SwapFail,
    };

    private static MemcgEvent SwapEvent(MemcgEvent sameName) => sameName switch
    {
        MemcgEvent.High => MemcgEvent.SwapHigh,
        MemcgEvent.Max => MemcgEvent.SwapMax,
        _ => sameName,
    };

    [Kernel("memory_oom_group_write", "mm/memcontrol.c")]
    private static Errno SetOomGroup(MemCgroup memcg, string text) => WithSwitch((m, on) => m.OomGroup = on)(memcg, text);

    /// <summary>0 or 1 after blanks were stripped, else EINVAL.</summary>
    private static Func<MemCgroup, string, Errno> WithSwitch(Action<MemCgroup, bool> set) => (memcg, text) =>
    {
        Errno errno = KernelNumber.TryParseInt(KernelNumber.Strip(text), out int value);
        if (errno == Errno.None && value is 0 or 1)
        {
            set(memcg, value == 1);
            return Errno.None;
        }
        return errno == Errno.None ? Errno.EINVAL : errno;
    };

    /// <summary>A write resets what the same open file reads from then on; where a write has a file of its own, nothing is left of it.</summary>
    [Kernel("memory_peak_write", "mm/memcontrol.c")]
    private ControlFile Peak(string name, Func<MemCgroup, PageCounter> counter)
    {
        ControlFile file = Memory(name, memcg => BytesLine(counter(memcg).Watermark), (_, _) => machine.Era.Cgroups.PeakCanBeReset ? Errno.None : Errno.EINVAL);
        return !machine.Era.Cgroups.PeakCanBeReset ? file : file with
        {
            ShowHeld = (cgroup, held) => BytesLine(held.Peak < 0 ? counter(cgroup.OwnMemcg!).Watermark : Math.Max(held.Peak, counter(cgroup.OwnMemcg!).LocalWatermark)),
            WriteHeld = (cgroup, held) =>
            {
                cgroup.OwnMemcg!.ResetPeak(counter(cgroup.OwnMemcg!), held);
                return Errno.None;
            },
        };
    }

    private Errno WriteReclaim(MemCgroup memcg, string text)
    {
        Errno errno = ReclaimArguments.Parse(text, machine.Era.Cgroups, out long pages, out int? swappiness);
        return errno != Errno.None ? errno : limits.Reclaim(memcg, pages, swappiness);
    }
}
