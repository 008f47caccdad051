using Ullage.Abi;
using Ullage.Model.Eras;

namespace Ullage.Model.Files;

/// <summary>
/// How many requests of one kind may be with the device: who wants to add another sleeps until all of them are done. While there is writing the number
/// doubles with each tenth of a second, up to three quarters of the device's queue; when there is none it goes back, step by step. Without
/// it reclaim could have all pages of a cgroup written at once, and would find none that it can free.
/// </summary>
[Kernel("struct rq_wb", "block/blk-wbt.c", Deviation = "Reads never take too long, so that the depth is never below what it begins with; the device has a write cache.")]
internal sealed class WritebackThrottle(WritebackThrottleRule rule)
{
    private const int FirstDepth = 16; // RWB_DEF_DEPTH
    private const int QueueDepth = 256; // nr_requests
    private const int OldQueueDepth = 128; // BLKDEV_MAX_RQ
    private const int MostDepth = QueueDepth * 3 / 4;
    private const int MostSteps = 4; // 16, 31, 61, 121, 192
    private const int QuietWindows = 5; // RWB_UNKNOWN_BUMP
    private const long WindowNs = 100_000_000; // RWB_WINDOW_NSEC

    private long[] _ends = new long[QueueDepth]; // of requests that the device has, in their order
    private int _first;
    private int _count;
    private int _steps;
    private int _quiet;
    private bool _wrote; // in this window
    private long _windowEndNs = long.MaxValue;

    /// <summary>Requests that may be with the device now.</summary>
    public int Limit => rule switch
    {
        WritebackThrottleRule.Queue => OldQueueDepth,
        WritebackThrottleRule.HalfForDirect => (Depth + 1) / 2,
        _ => Depth,
    };

    [Kernel("rq_depth_calc_max_depth", "block/blk-rq-qos.c")]
    private int Depth => Math.Min(1 + ((FirstDepth - 1) << _steps), MostDepth);

    /// <summary>Until when a request has to wait before the device gets it; the time of now = it need not.</summary>
    [Kernel("wbt_wait", "block/blk-wbt.c")]
    public long WaitUntilNs(long nowNs)
    {
        Forget(nowNs);
        EndWindows(nowNs);
        if (_windowEndNs == long.MaxValue)
        {
            _windowEndNs = nowNs + WindowNs;
        }
        return _count < Limit ? nowNs : _ends[(_first + _count - 1) & (_ends.Length - 1)];
    }

    /// <summary>The device has one more, which ends then, and not before those that it has.</summary>
    [Kernel("wbt_track", "block/blk-wbt.c")]
    public void Add(long endNs)
    {
        if (_count == _ends.Length)
        {
            Grow();
        }
        _ends[(_first + _count++) & (_ends.Length - 1)] = endNs;
        _wrote = true;
    }

    private void Grow()
    {
        long[] larger = new long[2 * _count];
        for (int i = 0; i < _count; i++)
        {
            larger[i] = _ends[(_first + i) & (_ends.Length - 1)];
        }
        (_ends, _first) = (larger, 0);
    }

    [Kernel("wbt_done", "block/blk-wbt.c")]
    private void Forget(long nowNs)
    {
        while (_count > 0 && _ends[_first] <= nowNs)
        {
            _first = (_first + 1) & (_ends.Length - 1);
            _count--;
        }
    }

    /// <summary>What each window that is over has seen: writes, or nothing. Requests that are still there were there then, too.</summary>
    [Kernel("wb_timer_fn", "block/blk-wbt.c")]
    private void EndWindows(long nowNs)
    {
        while (_windowEndNs <= nowNs)
        {
            Step(_wrote || _count > 0);
            _wrote = false;
            _windowEndNs = _count > 0 || _steps > 0 ? _windowEndNs + WindowNs : long.MaxValue;
        }
    }

    private void Step(bool wrote)
    {
        if (wrote)
        {
            _steps = Math.Min(_steps + 1, MostSteps);
            _quiet = 0;
        }
        else if (++_quiet >= QuietWindows && _steps > 0)
        {
            _steps--;
            _quiet = 0;
        }
    }
}
