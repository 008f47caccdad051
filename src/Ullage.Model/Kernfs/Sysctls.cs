using Ullage.Abi;
using Ullage.Model.Charging;

namespace Ullage.Model.Kernfs;

/// <summary>The values behind /proc/sys/vm that this version honours or keeps.</summary>
[Kernel("vm_table", "kernel/sysctl.c", Deviation = "Only files whose effect is modelled exist.")]
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

    /// <summary>Writes of 1 or 3 to vm.drop_caches (vmstat drop_pagecache).</summary>
    public long DroppedPagecache { get; set; }

    /// <summary>Writes of 2 or 3 to vm.drop_caches (vmstat drop_slab).</summary>
    public long DroppedSlab { get; set; }
}
