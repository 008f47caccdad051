using System.Globalization;
using Ullage.Abi;
using Ullage.Model.Charging;
using Ullage.Model.Tracing;

namespace Ullage.Model.Slab;

/// <summary>The report about an allocation for which no slab could be had (§4.5).</summary>
[Kernel("slab_out_of_memory", "mm/slub.c", Deviation = "All slabs are reported as those of node 0.")]
internal sealed class SlabOutOfMemory(Machine machine, SlabTable slabs)
{
    private readonly RateLimit _limit = new(machine, "slab_out_of_memory");

    public void Report(KmemCache cache, Gfp gfp)
    {
        machine.Path.SlabReport = true;
        if (machine.Probes.Any)
        {
            machine.Probes.Hit(KernelFunction.SlabOutOfMemory);
        }
        if ((gfp & Gfp.NoWarn) == 0 && _limit.Passes())
        {
            Print(cache, gfp);
        }
        machine.Path.SlabReport = false;
    }

    private void Print(KmemCache cache, Gfp gfp)
    {
        machine.Log.Write(PrintkLevel.Warning, "SLUB: Unable to allocate memory on " + Where() + ", gfp=" + GfpText(gfp));
        machine.Log.Write(PrintkLevel.Warning, Line($"  cache: {FullName(cache)}, object size: {cache.Size}, buffer size: {cache.Size}, default order: {cache.Preferred.Order}, min order: {cache.Smallest.Order}"));
        machine.Log.Write(PrintkLevel.Warning, Line($"  node 0: slabs: {cache.Slabs}, objs: {cache.Objects}, free: {Slub.CountFree(slabs, cache)}"));
    }

    private string Where() => machine.Era.Slab.ReportNamesCpu ? Line($"CPU {machine.CurrentCpu} (of node 0) on node -1") : "node -1";

    /// <summary>A child's name: its root's, the number of its cgroup and the last part of the cgroup's path (§4.4).</summary>
    private string FullName(KmemCache cache)
    {
        if (cache.Memcg is not { } memcg)
        {
            return cache.Name;
        }
        string number = machine.Era.Kmem.ChildCacheNamedById ? Line($"{memcg.Id}") : Line($"{memcg.Serial}");
        return cache.Name + "(" + number + ":" + memcg.Cgroup.Name + ")";
    }

    private string GfpText(Gfp gfp)
    {
        bool account = (gfp & Gfp.Account) != 0;
        uint value = machine.Era.Gfp.Kernel | (account ? machine.Era.Gfp.Account : 0);
        return machine.Era.Gfp.Names ? Line($"{Hex(value)}({(account ? "GFP_KERNEL_ACCOUNT" : "GFP_KERNEL")})") : Hex(value);
    }

    private static string Hex(uint value) => Line($"0x{value:x}");

    private static string Line(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
