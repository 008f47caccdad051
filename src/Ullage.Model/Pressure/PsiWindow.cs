using Ullage.Abi;

namespace Ullage.Model.Pressure;

/// <summary>How much a stall time grew within a sliding window; what the last window had fades linearly (§6.6).</summary>
[Kernel("struct psi_window", "include/linux/psi_types.h")]
internal struct PsiWindow(long sizeNs)
{
    private long _startNs;
    private ulong _startValue;
    private ulong _previous;

    public long SizeNs { get; } = sizeNs;

    [Kernel("window_reset", "kernel/sched/psi.c")]
    public void Reset(long nowNs, ulong value, ulong previous) => (_startNs, _startValue, _previous) = (nowNs, value, previous);

    [Kernel("window_update", "kernel/sched/psi.c")]
    public ulong Update(long nowNs, ulong value)
    {
        long elapsed = nowNs - _startNs;
        ulong growth = value - _startValue;
        if (elapsed > SizeNs)
        {
            Reset(nowNs, value, growth);
            return growth;
        }
        return growth + (_previous * (ulong)(SizeNs - elapsed) / (ulong)SizeNs);
    }
}
