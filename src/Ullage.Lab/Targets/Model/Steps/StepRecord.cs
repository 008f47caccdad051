using Ullage.Abi;
using Ullage.Lab.Results;

namespace Ullage.Lab.Targets.Model.Steps;

/// <summary>What is known about a step, exact at any time, also when its process is killed in the middle.</summary>
internal sealed class StepRecord(string op, ModelStep step, long beganNs)
{
    private ModelStep? _step = step;
    private StepResult? _ended;

    /// <summary>The step ended.</summary>
    public void End(Errno errno, long nowNs)
    {
        _ended = Describe(errno, nowNs);
        _step = null; // its streams are no longer needed
    }

    /// <summary>The step as it stands.</summary>
    public StepResult Result(long nowNs) => _ended ?? Describe(Errno.None, nowNs);

    private StepResult Describe(Errno errno, long nowNs) => new()
    {
        Op = op,
        Requested = _step!.Requested,
        Done = _step.Done,
        Errno = errno,
        VirtualNs = nowNs - beganNs,
        Passes = _step.Passes(nowNs),
    };
}
