using Ullage.Abi;
using Ullage.Model.Slab;

namespace Ullage.Model.Files;

/// <summary>
/// A file system's shrinker (§4.8): unused dentries and inodes, weighed by vm.vfs_cache_pressure. What it is told to scan is split between
/// the two by how many there are of each.
/// </summary>
[Kernel("super_cache_scan", "fs/super.c", Deviation = "No file system has objects of its own to shrink.")]
internal sealed class SuperBlockShrinker(Machine machine, SuperBlock sb) : IShrinker
{
    private const long Stop = -1; // SHRINK_STOP

    public string Name => "sb-" + sb.Type;

    public int Seeks => 2;

    public int Batch => 1024;

    public bool MemcgAware => true;

    [Kernel("super_cache_count", "fs/super.c")]
    public long Count(in ShrinkControl control)
    {
        long total = machine.Dcache.Lru[sb.Index].Count(control.Memcg) + machine.Inodes.Lru[sb.Index].Count(control.Memcg);
        return total * machine.Dcache.CachePressure / 100;
    }

    public long Scan(in ShrinkControl control)
    {
        if (!control.MayEnterFs)
        {
            return Stop; // the caller may hold the very locks that eviction takes
        }
        long dentries = machine.Dcache.Lru[sb.Index].Count(control.Memcg);
        long inodes = machine.Inodes.Lru[sb.Index].Count(control.Memcg);
        long total = dentries + inodes + 1;
        long freed = machine.Dcache.Prune(sb, control.Memcg, (control.ToScan * dentries / total) + 1);
        return freed + machine.Inodes.Prune(sb, control.Memcg, (control.ToScan * inodes / total) + 1);
    }
}
