using Ullage.Abi;
using Ullage.Model.Charging;

namespace Ullage.Model.Kernfs;

/// <summary>The values behind /proc/sys/vm that this version honours or keeps.</summary>
[Kernel("vm_table", "kernel/sysctl.c", Deviation = "Only files whose effect is modelled exist, and overcommit_*, which CommitLimit shows but mmap does not enforce yet.")]
internal sealed class Sysctls(Machine machine)
{
    private int _swappiness = 60;

    /// <summary>vm.swappiness: the root's own in v1, everybody's in v2 (§2.11).</summary>
    public int Swappiness
    {
        get => _swappiness;
        set
        {
            _swappiness = value;
            foreach (MemCgroup memcg in machine.Hierarchy.Memcgs)
            {
                if (memcg.IsRoot || !memcg.IsV1)
                {
                    memcg.Swappiness = value;
                }
            }
        }
    }

    /// <summary>vm.overcommit_memory, 0 to 2.</summary>
    public int OvercommitMemory { get; set; }

    /// <summary>vm.overcommit_ratio in percent.</summary>
    public int OvercommitRatio { get; set; } = 50;

    /// <summary>vm.overcommit_kbytes; 0 = the ratio counts.</summary>
    public long OvercommitKbytes { get; set; }

    /// <summary>Writes of 1 or 3 to vm.drop_caches (vmstat drop_pagecache).</summary>
    public long DroppedPagecache { get; set; }

    /// <summary>Writes of 2 or 3 to vm.drop_caches (vmstat drop_slab).</summary>
    public long DroppedSlab { get; set; }
}
