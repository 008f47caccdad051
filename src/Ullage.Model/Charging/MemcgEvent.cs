using Ullage.Abi;

namespace Ullage.Model.Charging;

/// <summary>Events of memory.events, in the order of that file (§2.5).</summary>
[Kernel("enum memcg_memory_event", "include/linux/memcontrol.h")]
public enum MemcgEvent
{
    /// <summary>Reclaimed although below memory.low.</summary>
    Low,
    /// <summary>Reclaim because of memory.high.</summary>
    High,
    /// <summary>A charge found the limit reached.</summary>
    Max,
    /// <summary>The OOM path was entered.</summary>
    Oom,
    /// <summary>A task was killed by an OOM killer.</summary>
    OomKill,
    /// <summary>A whole group was killed.</summary>
    OomGroupKill,
    /// <summary>swap.high was exceeded.</summary>
    SwapHigh,
    /// <summary>swap.max refused a page.</summary>
    SwapMax,
    /// <summary>No swap slot was had.</summary>
    SwapFail,
}
