using Ullage.Abi;

namespace Ullage.Model.Files;

/// <summary>
/// Objects that are freed only when nobody can be looking at them any more: after a grace period that began when they were put here. This
/// is what makes reclaim of dentries overshoot: the scan goes on, deeper and deeper, while nothing of what it evicted has come back.
/// </summary>
[Kernel("call_rcu", "kernel/rcu/tree.c", Deviation = "Grace periods have one length; the kernel's depend on ticks, load and the number of callbacks.")]
internal sealed class RcuCallbacks
{
    private readonly Machine _machine;
    private readonly Action<int> _free;
    private readonly Action _endGracePeriod;
    private int[] _current = new int[1024]; // covered by the grace period that runs
    private int[] _next = new int[1024];
    private int _currentCount;
    private int _nextCount;

    public RcuCallbacks(Machine machine, Action<int> free)
    {
        _machine = machine;
        _free = free;
        _endGracePeriod = EndGracePeriod;
    }

    /// <summary>Objects that wait.</summary>
    public int Waiting => _currentCount + _nextCount;

    private bool _running;

    public void Add(int item)
    {
        if (!_running)
        {
            _running = true;
            _machine.Work.Add(_machine.TimeNs + _machine.Costs.GracePeriodNs, _endGracePeriod);
            _current[_currentCount++] = item;
            return;
        }
        if (_nextCount == _next.Length)
        {
            Array.Resize(ref _next, _nextCount * 2);
        }
        _next[_nextCount++] = item;
    }

    [Kernel("rcu_do_batch", "kernel/rcu/tree.c")]
    private void EndGracePeriod()
    {
        int[] items = _current;
        int count = _currentCount;
        (_current, _next) = (_next, _current);
        (_currentCount, _nextCount) = (_nextCount, 0);
        _running = _currentCount > 0;
        if (_running)
        {
            _machine.Work.Add(_machine.TimeNs + _machine.Costs.GracePeriodNs, _endGracePeriod);
        }
        for (int i = 0; i < count; i++)
        {
            _free(items[i]);
        }
    }

    /// <summary>Waits for all of them, as <c>rcu_barrier</c> does: for tests.</summary>
    [Kernel("rcu_barrier", "kernel/rcu/tree.c")]
    public void Barrier()
    {
        while (Waiting > 0)
        {
            EndGracePeriod();
        }
    }
}
