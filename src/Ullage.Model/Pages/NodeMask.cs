using System.Globalization;
using System.Numerics;
using System.Text;
using Ullage.Abi;

namespace Ullage.Model.Pages;

/// <summary>A set of NUMA nodes, at most 64.</summary>
/// <param name="Bits">Bit n = node n is in it.</param>
[Kernel("nodemask_t", "include/linux/nodemask_types.h")]
public readonly record struct NodeMask(ulong Bits)
{
    /// <summary>Most nodes that a machine can have.</summary>
    public const int Most = 64;

    /// <summary>Every node, whether a machine has it or not: no restriction.</summary>
    public static NodeMask All { get; } = new(ulong.MaxValue);

    /// <summary>One node.</summary>
    public static NodeMask Of(int node) => new(1UL << node);

    /// <summary>The nodes from 0 on.</summary>
    public static NodeMask First(int count) => new(count >= Most ? ulong.MaxValue : (1UL << count) - 1);

    /// <summary>None is in it.</summary>
    public bool IsEmpty => Bits == 0;

    /// <summary>How many are in it.</summary>
    public int Count => BitOperations.PopCount(Bits);

    /// <summary>The lowest; 64 = there is none.</summary>
    public int Lowest => BitOperations.TrailingZeroCount(Bits);

    /// <summary>A node is in it.</summary>
    public bool Has(int node) => (Bits >> node & 1) != 0;

    /// <summary>All of it is in another one.</summary>
    public bool IsWithin(NodeMask other) => (Bits & ~other.Bits) == 0;

    /// <summary>It and another one have a node in common.</summary>
    public bool Meets(NodeMask other) => (Bits & other.Bits) != 0;

    /// <summary>Nodes in both.</summary>
    public NodeMask And(NodeMask other) => new(Bits & other.Bits);

    /// <summary>The next node of it after one, beginning anew behind the last; itself when it is the only one.</summary>
    [Kernel("next_node_in", "include/linux/nodemask.h")]
    public int After(int node)
    {
        ulong above = node >= Most - 1 ? 0 : Bits & (ulong.MaxValue << (node + 1));
        return BitOperations.TrailingZeroCount(above != 0 ? above : Bits);
    }

    /// <summary>The node of it that has so many of it below, counted around.</summary>
    public int At(int place)
    {
        int left = place % Math.Max(Count, 1);
        ulong bits = Bits;
        while (left-- > 0)
        {
            bits &= bits - 1;
        }
        return BitOperations.TrailingZeroCount(bits);
    }

    /// <summary>As the kernel prints lists: <c>0</c>, <c>0-1,3</c>; empty when there is none.</summary>
    public override string ToString()
    {
        StringBuilder text = new();
        for (int node = 0; node < Most; node++)
        {
            if (!Has(node))
            {
                continue;
            }
            int last = node;
            while (last + 1 < Most && Has(last + 1))
            {
                last++;
            }
            text.Append(text.Length > 0 ? "," : "").Append(CultureInfo.InvariantCulture, $"{node}");
            text.Append(last > node ? "-" : "").Append(last > node ? last.ToString(CultureInfo.InvariantCulture) : "");
            node = last;
        }
        return text.ToString();
    }
}
