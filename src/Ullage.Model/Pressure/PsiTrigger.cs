using Ullage.Abi;
using Ullage.Model.Eras;

namespace Ullage.Model.Pressure;

/// <summary>A threshold that somebody polls: so much stall within a window (§6.6).</summary>
[Kernel("struct psi_trigger", "include/linux/psi_types.h")]
internal sealed class PsiTrigger
{
    private const long MaxWindowUs = 10_000_000; // WINDOW_MAX_US
    private const long UnprivilegedStepUs = 2_000_000;

    private readonly ulong _thresholdNs;
    private PsiWindow _window;
    private ulong _seen;
    private long _lastEventNs;
    private bool _pending;

    private PsiTrigger(int state, long thresholdUs, long windowUs, bool privileged)
    {
        State = state;
        _thresholdNs = (ulong)thresholdUs * 1000;
        _window = new PsiWindow(windowUs * 1000);
        Privileged = privileged;
    }

    public int State { get; }

    /// <summary>Polled by a kernel thread of its own; false = it rides on the averages' work.</summary>
    public bool Privileged { get; }

    public long WindowNs => _window.SizeNs;

    /// <summary>An event waits for the next poll.</summary>
    public bool Event { get; private set; }

    /// <summary>Called at the time of an event; the time is nanoseconds since boot.</summary>
    public Action<long>? Fired { get; set; }

    /// <summary>Takes the event that waits, as poll does.</summary>
    public bool TakeEvent()
    {
        bool had = Event;
        Event = false;
        return had;
    }

    /// <summary>Reads <c>some|full THRESHOLD WINDOW</c>, in microseconds.</summary>
    [Kernel("psi_trigger_create", "kernel/sched/psi.c")]
    public static Errno TryParse(ReadOnlySpan<char> text, PsiResource resource, PressureRules rules, bool privileged, out PsiTrigger? trigger)
    {
        trigger = null;
        bool full = text.StartsWith("full ", StringComparison.Ordinal);
        if (!full && !text.StartsWith("some ", StringComparison.Ordinal))
        {
            return Errno.EINVAL;
        }
        text = text[5..];
        if (!TakeNumber(ref text, out long threshold) || !TakeNumber(ref text, out long window) || !HasLine(resource, full, rules))
        {
            return Errno.EINVAL;
        }
        bool whole = privileged || !rules.UnprivilegedTriggers || window % UnprivilegedStepUs == 0;
        if (!whole || window < rules.MinWindowUs || window > MaxWindowUs || threshold < 1 || threshold > window)
        {
            return Errno.EINVAL;
        }
        trigger = new PsiTrigger(PsiState.Of(resource, full), threshold, window, privileged || !rules.UnprivilegedTriggers);
        return Errno.None;
    }

    /// <summary>Lines that do not exist cannot be watched.</summary>
    private static bool HasLine(PsiResource resource, bool full, PressureRules rules) => resource switch
    {
        PsiResource.Cpu => !full || rules.CpuFull,
        PsiResource.Irq => full,
        _ => true,
    };

    /// <summary>As sscanf reads %u: leading blanks, digits; what comes after is left.</summary>
    private static bool TakeNumber(ref ReadOnlySpan<char> text, out long value)
    {
        int at = 0;
        while (at < text.Length && text[at] is ' ' or '\t' or '\n' or '\v' or '\f' or '\r')
        {
            at++;
        }
        int first = at;
        value = 0;
        for (; at < text.Length && char.IsAsciiDigit(text[at]); at++)
        {
            value = ((value * 10) + (text[at] - '0')) & uint.MaxValue; // u32, it wraps
        }
        text = text[at..];
        return at > first;
    }

    /// <summary>Polling begins: what was before does not count.</summary>
    public void Restart(long nowNs, ulong total)
    {
        _window.Reset(nowNs, total, 0);
        _seen = total;
    }

    /// <summary>Looks at the total; at most one event per window.</summary>
    [Kernel("update_triggers", "kernel/sched/psi.c")]
    public void Update(long nowNs, ulong total, bool keepsEarlyEvents)
    {
        if (total == _seen && !_pending)
        {
            return;
        }
        if (total != _seen)
        {
            _seen = total;
            bool grew = _window.Update(nowNs, total) >= _thresholdNs;
            if (!grew && !_pending)
            {
                return;
            }
            _pending = true;
        }
        if (nowNs < _lastEventNs + _window.SizeNs)
        {
            _pending &= keepsEarlyEvents;
            return;
        }
        _pending = false;
        _lastEventNs = nowNs;
        Event = true;
        Fired?.Invoke(nowNs);
    }
}
