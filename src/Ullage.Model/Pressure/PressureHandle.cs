using Ullage.Abi;

namespace Ullage.Model.Pressure;

/// <summary>
/// An open pressure file that can be polled (§6.6): write a threshold such as <c>some 150000 1000000</c> to it, then ask
/// <see cref="Poll"/>, or let <see cref="Fired"/> be called. Made by <see cref="Machine.OpenPressure"/>; close it when done.
/// </summary>
[Kernel("psi_trigger_poll", "kernel/sched/psi.c")]
public sealed class PressureHandle
{
    private readonly Machine _machine;
    private readonly PsiGroup _group;
    private readonly PsiResource _resource;
    private readonly bool _ofProc;
    private PsiTrigger? _trigger;

    internal PressureHandle(Machine machine, PsiGroup group, PsiResource resource, bool ofProc)
    {
        _machine = machine;
        _group = group;
        _resource = resource;
        _ofProc = ofProc;
    }

    /// <summary>Called when the trigger fires, with the time in nanoseconds since boot; null = nobody is told.</summary>
    public Action<long>? Fired { get; set; }

    /// <summary>Writes a threshold: <c>some|full STALL WINDOW</c>, both in microseconds, ended by a newline or NUL where it is a file of /proc.</summary>
    /// <returns>EINVAL, EBUSY, EOPNOTSUPP, EINVAL for no text; ENODEV when the cgroup is gone.</returns>
    public Errno Write(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (!_machine.Psi.Enabled)
        {
            return Errno.EOPNOTSUPP;
        }
        if (_group.Gone)
        {
            return Errno.ENODEV;
        }
        if (text.Length == 0)
        {
            return Errno.EINVAL;
        }
        if (_trigger is not null && _machine.Era.Pressure.SecondTriggerBusy)
        {
            return Errno.EBUSY;
        }
        bool privileged = _machine.Current is not { Signal.IsPrivileged: false };
        Errno errno = PsiTrigger.TryParse(_ofProc ? PressureFiles.CutForProc(text) : text, _resource, _machine.Era.Pressure, privileged, out PsiTrigger? made);
        if (errno == Errno.None)
        {
            Close(); // the second one replaces the first where it is not refused
            _trigger = made!;
            _trigger.Fired = at => Fired?.Invoke(at);
            _machine.Psi.AdvanceTo(_machine.TimeNs);
            _group.Triggers.Add(_trigger, _machine.TimeNs);
            _machine.Psi.FindNextWork();
        }
        return errno;
    }

    /// <summary>What poll(2) answers now.</summary>
    public PressurePoll Poll()
    {
        _machine.Psi.AdvanceTo(_machine.TimeNs);
        if (_trigger is null || _group.Gone)
        {
            return PressurePoll.Error;
        }
        return _trigger.TakeEvent() ? PressurePoll.Event : PressurePoll.Nothing;
    }

    /// <summary>Ends the polling.</summary>
    public void Close()
    {
        if (_trigger is not null)
        {
            _group.Triggers.Remove(_trigger);
            _trigger = null;
            _machine.Psi.FindNextWork();
        }
    }
}

/// <summary>What polling a pressure file gives.</summary>
public enum PressurePoll
{
    /// <summary>Nothing happened.</summary>
    Nothing,
    /// <summary>POLLPRI: the threshold was crossed since the last poll.</summary>
    Event,
    /// <summary>POLLERR: no trigger was written, or the cgroup is gone.</summary>
    Error,
}
