using Ullage.Abi;
using Ullage.Model.Eras;

namespace Ullage.Model.Files;

/// <summary>
/// Objects that are freed only when nobody can be looking at them any more: after a grace period that began when they had been put here. This
/// is what makes reclaim of dentries overshoot: the scan goes on, deeper and deeper, while nothing of what it evicted has come back.
/// </summary>
/// <remarks>
/// Everything goes by ticks. One starts the grace period for the objects that are here by then; it ends when every CPU has been quiet, which
/// this CPU, busy evicting, is only now and then (<see cref="RcuRules"/>); the tick after that frees them. The other CPUs are idle.
/// </remarks>
[Kernel("call_rcu", "kernel/rcu/tree.c", Deviation = "One list for the machine; all that may be freed is freed at once, not in batches of a few.")]
internal sealed class RcuCallbacks
{
    private const int ManyWaiting = 10_000; // qhimark: the grace-period thread is woken
    private const int TooMany = 20_000; // qovld
    private const int ScanTicks = 2; // schedule_timeout(1) right after a tick

    private readonly Machine _machine;
    private readonly RcuRules _rules;
    private readonly SimRandom _random;
    private readonly Action<int> _free;
    private readonly Action _tick;
    private readonly long _tickNs;
    private readonly long _phaseNs;
    private int[] _done = new int[1024]; // their grace period has ended
    private int[] _current = new int[1024]; // covered by the grace period that runs
    private int[] _next = new int[1024];
    private int _doneCount;
    private int _currentCount;
    private int _nextCount;
    private int _accelerated; // of the next ones, those that the following grace period covers
    private bool _ticking;
    private bool _running;
    private long _tickAt; // the last that came
    private long _tickDue;
    private long _startTick;
    private long _scanTick;
    private int _wokenAt; // objects waiting when the thread was last woken
    private bool _overload;
    private bool _overloadSeen;
    private bool _asked; // cond_resched of the busy CPU will be quiet
    private bool _resched; // another task gets the CPU at the next tick

    public RcuCallbacks(Machine machine, string name, Action<int> free)
    {
        _machine = machine;
        _rules = machine.Era.Rcu;
        _random = machine.Random.Fork("rcu " + name);
        _free = free;
        _tick = Tick;
        _tickNs = 1_000_000_000L / machine.Options.Hz;
        _phaseNs = machine.Random.Fork("tick").Below((int)_tickNs);
    }

    /// <summary>Objects that wait.</summary>
    public int Waiting => _doneCount + _currentCount + _nextCount;

    public void Add(int item)
    {
        if (_nextCount == _next.Length)
        {
            Array.Resize(ref _next, _nextCount * 2);
        }
        _next[_nextCount++] = item;
        if (!_ticking)
        {
            _ticking = true;
            _wokenAt = 0;
            AddTick();
        }
        else if (Waiting > _wokenAt + ManyWaiting)
        {
            Wake();
        }
    }

    // Work may run before the clock is set to when it is due.
    private long NowTick => Math.Max(_tickAt, (_machine.TimeNs + _phaseNs) / _tickNs);

    private void AddTick()
    {
        long next = NowTick + 1;
        _machine.Work.Add((next * _tickNs) - _phaseNs, _tick);
        _tickDue = next;
    }

    /// <summary>So many are waiting that the grace period is started, or looked after, without waiting for the tick.</summary>
    [Kernel("__call_rcu_core", "kernel/rcu/tree.c")]
    private void Wake()
    {
        _wokenAt = Waiting;
        if (_running)
        {
            ForceQuiescentStates();
        }
        else
        {
            _accelerated = _nextCount;
            Start();
        }
    }

    [Kernel("rcu_sched_clock_irq", "kernel/rcu/tree.c")]
    private void Tick()
    {
        _tickAt = _tickDue;
        Free();
        bool quiet = _running && IsQuiet();
        _accelerated = _nextCount;
        if (!_running)
        {
            Start();
        }
        else if (quiet && NowTick > _startTick)
        {
            End();
        }
        else if (NowTick >= _scanTick)
        {
            ForceQuiescentStates();
        }
        _ticking = Waiting > 0;
        if (_ticking)
        {
            AddTick();
        }
    }

    /// <summary>Whether the tick found this CPU in user mode or idle, outside of any read-side section, or another task took its turn since the last.</summary>
    [Kernel("rcu_flavor_sched_clock_irq", "kernel/rcu/tree_plugin.h")]
    private bool IsQuiet() =>
        _machine.CallNs == 0 || _resched
        || _random.Below(100) < _rules.QuietTicksPercent
        || _random.Below(_machine.Costs.OtherTaskEveryNs) < _tickNs;

    [Kernel("rcu_gp_init", "kernel/rcu/tree.c")]
    private void Start()
    {
        if (_accelerated == 0)
        {
            return;
        }
        (_current, _next) = (_next, _current);
        _currentCount = _accelerated;
        int later = _nextCount - _accelerated;
        if (_next.Length < later)
        {
            Array.Resize(ref _next, _current.Length);
        }
        Array.Copy(_current, _accelerated, _next, 0, later);
        (_nextCount, _accelerated) = (later, 0);
        (_running, _asked, _resched) = (true, false, false);
        _startTick = NowTick;
        _scanTick = _startTick + ScanTicks;
    }

    /// <summary>The grace-period thread looks at the CPUs; a busy one is asked for a sign, which it can see when it looks again.</summary>
    [Kernel("rcu_gp_fqs", "kernel/rcu/tree.c")]
    private void ForceQuiescentStates()
    {
        if (_asked)
        {
            End();
            return;
        }
        _scanTick = NowTick + ScanTicks;
        (_overload, _overloadSeen) = (_overloadSeen, Waiting > TooMany);
        _asked = _overload && _rules.OverloadForces;
        _resched |= NowTick - _startTick >= _machine.Options.Hz / _rules.AskAfterPerSecond;
    }

    /// <summary>The tick after this one frees what the grace period covered; the next one begins at once if somebody waits for it.</summary>
    [Kernel("rcu_gp_cleanup", "kernel/rcu/tree.c")]
    private void End()
    {
        if (_done.Length < _doneCount + _currentCount)
        {
            Array.Resize(ref _done, _doneCount + _currentCount);
        }
        Array.Copy(_current, 0, _done, _doneCount, _currentCount);
        _doneCount += _currentCount;
        (_currentCount, _running) = (0, false);
        Start();
    }

    [Kernel("rcu_do_batch", "kernel/rcu/tree.c")]
    private void Free()
    {
        int count = _doneCount;
        _doneCount = 0;
        for (int i = 0; i < count; i++)
        {
            _free(_done[i]);
        }
        _wokenAt = Math.Min(_wokenAt, Waiting);
    }

    /// <summary>Waits for all of them, as <c>rcu_barrier</c> does: for tests.</summary>
    [Kernel("rcu_barrier", "kernel/rcu/tree.c")]
    public void Barrier()
    {
        while (Waiting > 0)
        {
            _accelerated = _nextCount;
            End();
            Free();
        }
    }
}
