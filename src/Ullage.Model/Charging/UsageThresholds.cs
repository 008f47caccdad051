using Ullage.Abi;
using Ullage.Model.Kernfs;

namespace Ullage.Model.Charging;

/// <summary>
/// v1 usage thresholds of one counter, in order (§2.15). It remembers the last one that usage had reached; each check signals every
/// threshold that lies between that one and the usage of now, whichever way it was crossed.
/// </summary>
[Kernel("struct mem_cgroup_threshold_ary", "include/linux/memcontrol.h")]
internal sealed class UsageThresholds
{
    private readonly List<(long Pages, EventFd Target)> _entries = [];
    private int _current = -1; // the last one at or below the usage that was seen

    public void Add(long pages, EventFd target, long usage)
    {
        Check(usage);
        int at = _entries.Count;
        while (at > 0 && _entries[at - 1].Pages > pages)
        {
            at--;
        }
        _entries.Insert(at, (pages, target));
        _current = -1;
        while (_current + 1 < _entries.Count && _entries[_current + 1].Pages <= usage)
        {
            _current++;
        }
    }

    [Kernel("__mem_cgroup_threshold", "mm/memcontrol-v1.c")]
    public void Check(long usage)
    {
        while (_current >= 0 && _entries[_current].Pages > usage)
        {
            _entries[_current--].Target.Signal();
        }
        while (_current + 1 < _entries.Count && _entries[_current + 1].Pages <= usage)
        {
            _entries[++_current].Target.Signal();
        }
    }
}
