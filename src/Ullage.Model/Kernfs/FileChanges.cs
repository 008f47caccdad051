using Ullage.Abi;

namespace Ullage.Model.Kernfs;

/// <summary>
/// Change notifications of one control file (§10.5): what poll and inotify tell. At most one per 10 ms; a change that comes too early is told
/// when the time is over. Whether that moment has passed is found out when somebody looks, so that changes cost nothing else.
/// </summary>
[Kernel("struct cgroup_file", "include/linux/cgroup-defs.h")]
internal sealed class FileChanges
{
    private const long MinIntervalNs = 10_000_000; // CGROUP_FILE_NOTIFY_MIN_INTV, HZ/100

    private long _told;
    private long _lastNs = -MinIntervalNs;
    private bool _waits;

    /// <summary>The file's text has changed.</summary>
    [Kernel("cgroup_file_notify", "kernel/cgroup/cgroup.c")]
    public void Notify(long nowNs)
    {
        Settle(nowNs);
        if (nowNs < _lastNs + MinIntervalNs)
        {
            _waits = true;
            return;
        }
        (_told, _lastNs) = (_told + 1, nowNs);
    }

    /// <summary>Notifications up to a time.</summary>
    public long Told(long nowNs)
    {
        Settle(nowNs);
        return _told;
    }

    private void Settle(long nowNs)
    {
        if (_waits && nowNs >= _lastNs + MinIntervalNs)
        {
            _waits = false;
            (_told, _lastNs) = (_told + 1, _lastNs + MinIntervalNs);
        }
    }
}
