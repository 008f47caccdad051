using Ullage.Abi;
using Ullage.Abi.Units;
using Ullage.Model.Charging;
using Ullage.Model.Eras;
using static Ullage.Model.Kernfs.ControlFile;

namespace Ullage.Model.Kernfs;

/// <summary>v1: limits, usage, watermarks and failcnt of the four counters, and the soft limit (§2.9, §2.13, §11.2).</summary>
[Kernel("mem_cgroup_legacy_files", "mm/memcontrol-v1.c")]
internal sealed class V1LimitFiles(Machine machine, LimitWrites limits)
{
    private const string Unlimited = "-1";

    public IEnumerable<ControlFile> Files()
    {
        foreach (ControlFile file in OfCounter("memory.", memcg => memcg.Memory, (memcg, pages) => limits.Resize(memcg, pages, memsw: false), UsageWithRoot))
        {
            yield return file;
        }
        foreach (ControlFile file in OfCounter("memory.memsw.", memcg => memcg.Memsw, (memcg, pages) => limits.Resize(memcg, pages, memsw: true), MemswUsageWithRoot))
        {
            yield return file;
        }
        foreach (ControlFile file in OfCounter("memory.kmem.", memcg => memcg.Kmem, SetKmemLimit, memcg => memcg.Kmem.Usage))
        {
            yield return file;
        }
        foreach (ControlFile file in OfCounter("memory.kmem.tcp.", memcg => memcg.Tcpmem, SetTcpLimit, memcg => memcg.Tcpmem.Usage))
        {
            yield return file;
        }
        yield return Memory("memory.soft_limit_in_bytes", memcg => BytesLine(memcg.SoftLimit), SetSoftLimit);
    }

    private static IEnumerable<ControlFile> OfCounter(
        string prefix, Func<MemCgroup, PageCounter> counter, Func<MemCgroup, long, Errno> setLimit, Func<MemCgroup, long> usage)
    {
        yield return Number(prefix + "usage_in_bytes", memcg => usage(memcg) * KernelConstants.PageSize);
        yield return Memory(prefix + "max_usage_in_bytes", memcg => BytesLine(counter(memcg).Watermark), (memcg, _) => Reset(counter(memcg).ResetWatermark));
        yield return Memory(prefix + "limit_in_bytes", memcg => BytesLine(counter(memcg).Max), (memcg, text) => WriteLimit(memcg, text, setLimit));
        yield return Memory(prefix + "failcnt", memcg => Line(counter(memcg).Failcnt), (memcg, _) => Reset(counter(memcg).ResetFailcnt));
    }

    /// <summary>Any text resets.</summary>
    private static Errno Reset(Action reset)
    {
        reset();
        return Errno.None;
    }

    private static Errno WriteLimit(MemCgroup memcg, string text, Func<MemCgroup, long, Errno> setLimit)
    {
        Errno errno = KernelNumber.TryParsePageCounter(text, Unlimited, out long pages);
        if (errno != Errno.None)
        {
            return errno;
        }
        return memcg.IsRoot ? Errno.EINVAL : setLimit(memcg, pages);
    }

    /// <summary>The root's counter is not charged by users: it shows what its tree has (§11.2).</summary>
    [Kernel("mem_cgroup_usage", "mm/memcontrol.c")]
    internal long UsageWithRoot(MemCgroup memcg)
    {
        if (!memcg.IsRoot)
        {
            return memcg.Memory.Usage;
        }
        memcg.PrepareStatRead();
        StatReader reader = new(machine, memcg);
        return reader.Recursive(MemcgStat.File) + reader.Recursive(MemcgStat.Anon);
    }

    private long MemswUsageWithRoot(MemCgroup memcg) =>
        memcg.IsRoot ? UsageWithRoot(memcg) + memcg.Stats.Recursive(MemcgStat.Swap) : memcg.Memsw.Usage;

    /// <summary>§2.13: activates accounting (4.1), limits (to 5.15), or does nothing (later).</summary>
    [Kernel("memcg_update_kmem_max", "mm/memcontrol.c")]
    private Errno SetKmemLimit(MemCgroup memcg, long pages)
    {
        machine.Deprecations.Warn(machine.Era.Deprecated.KmemLimit);
        KmemRules rules = machine.Era.Kmem;
        if (rules.Order == KmemOrder.MemoryOnly)
        {
            return Errno.None;
        }
        if (rules.Activation == KmemActivation.WhenLimited && !memcg.KmemActive)
        {
            if (memcg.Cgroup.Tasks.Count > 0 || (memcg.UseHierarchy && memcg.Cgroup.Children.Count > 0))
            {
                return Errno.EBUSY;
            }
            memcg.KmemActive = true;
        }
        return memcg.Kmem.TrySetMax(pages);
    }

    private Errno SetTcpLimit(MemCgroup memcg, long pages)
    {
        machine.Deprecations.Warn(machine.Era.Deprecated.TcpLimit);
        return machine.Sockets.SetLimit(memcg, pages);
    }

    private Errno SetSoftLimit(MemCgroup memcg, string text)
    {
        Errno errno = KernelNumber.TryParsePageCounter(text, Unlimited, out long pages);
        if (errno == Errno.None)
        {
            machine.Deprecations.Warn(machine.Era.Deprecated.SoftLimit);
            memcg.SoftLimit = pages;
        }
        return errno;
    }
}
