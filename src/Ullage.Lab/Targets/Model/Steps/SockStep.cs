using Ullage.Abi;
using Ullage.Lab.Scenarios;
using Ullage.Model.Charging;

namespace Ullage.Lab.Targets.Model.Steps;

/// <summary><c>sock</c>: fills the buffers of a socket page by page, without waiting for room in them. Counts pages.</summary>
internal sealed class SockStep(SockOperation operation, StepContext context) : ModelStep(context)
{
    private SocketAccount? _socket;

    public override long Requested => Pages(operation.Bytes);

    public override StepOutcome Run()
    {
        if (_socket is null)
        {
            Context.Machine.EnterSyscall();
            _socket = Context.Machine.Sockets.Open(Context.Task);
            Context.Process.Sockets.Add(_socket);
        }
        while (Done < Requested)
        {
            if (Context.OverBudget)
            {
                return StepOutcome.Ready;
            }
            Context.Machine.EnterSyscall();
            bool charged = Context.Machine.Sockets.TryCharge(_socket, 1);
            if (Context.Task.FatalSignalPending)
            {
                return StepOutcome.Dead;
            }
            if (!charged)
            {
                return StepOutcome.Failed(Errno.EAGAIN);
            }
            Done++;
        }
        return StepOutcome.Done;
    }
}
