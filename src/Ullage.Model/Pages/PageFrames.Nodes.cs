using Ullage.Abi;

namespace Ullage.Model.Pages;

/// <summary>The nodes that frames lie on.</summary>
public sealed partial class PageFrames
{
    private static MemoryNode[] NodesOf(IReadOnlyList<Zone> zones, int count)
    {
        MemoryNode[] nodes = new MemoryNode[count];
        for (int id = 0; id < count; id++)
        {
            List<Zone> own = [];
            foreach (Zone zone in zones)
            {
                if (zone.NodeId == id)
                {
                    own.Add(zone);
                }
            }
            nodes[id] = new MemoryNode(id, [.. own]);
        }
        for (int id = 0; id < count; id++)
        {
            List<Zone> order = [];
            for (int step = 0; step < count; step++)
            {
                IReadOnlyList<Zone> each = nodes[(id + step) % count].Zones;
                for (int i = each.Count - 1; i >= 0; i--)
                {
                    order.Add(each[i]);
                }
            }
            nodes[id].Zonelist = [.. order];
        }
        return nodes;
    }

    /// <summary>NUMA nodes, at least one.</summary>
    public IReadOnlyList<MemoryNode> Nodes => _nodes;

    /// <summary>There are several nodes.</summary>
    internal bool IsNuma => _nodes.Length > 1;

    /// <summary>The node that a CPU belongs to: nodes have equal shares of them, in their order.</summary>
    [Kernel("cpu_to_node", "include/linux/topology.h")]
    internal MemoryNode NodeOfCpu(int cpu) => _nodes.Length == 1 ? _nodes[0] : _nodes[Math.Min(cpu, _cpus - 1) * _nodes.Length / _cpus];

    /// <summary>The node that a frame lies on.</summary>
    [Kernel("page_to_nid", "include/linux/mm.h")]
    internal int NodeIdOf(int frame) => _nodes.Length == 1 ? 0 : ZoneOf(frame).NodeId;
}
