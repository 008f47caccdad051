using System.Text;
using Ullage.Abi;

namespace Ullage.Model.Kernfs;

/// <summary>The order in which a kernfs directory lists its entries, files and sub-cgroups mixed: by a hash of their names.</summary>
[Kernel("kernfs_name_hash", "fs/kernfs/dir.c", Deviation = "Before 4.8 the hash had another last step; all eras list in today's order.")]
internal static class KernfsName
{
    private const ulong GoldenRatio = 0x61C8864680B583EB;

    public static uint Hash(string name)
    {
        ulong hash = 0;
        foreach (byte b in Encoding.UTF8.GetBytes(name))
        {
            hash = (hash + ((ulong)b << 4) + ((ulong)b >> 4)) * 11;
        }
        uint folded = (uint)((hash * GoldenRatio) >> 32) & 0x7fffffff;
        folded += folded < 2 ? 2u : 0; // 0 and 1 stand for "." and ".."
        return Math.Min(folded, int.MaxValue - 1);
    }

    /// <summary>Sorts names as the kernel lists them.</summary>
    public static void Sort(List<string> names) => names.Sort(static (a, b) =>
    {
        int order = Hash(a).CompareTo(Hash(b));
        return order != 0 ? order : string.CompareOrdinal(a, b);
    });
}
