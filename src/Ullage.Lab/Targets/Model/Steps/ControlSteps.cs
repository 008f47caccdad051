using Ullage.Abi;
using Ullage.Lab.Scenarios;
using Ullage.Model;
using Ullage.Model.Cgroups;

namespace Ullage.Lab.Targets.Model.Steps;

/// <summary><c>echo</c>: one write(2) to a control or sysctl file.</summary>
internal sealed class EchoStep(EchoOperation operation, StepContext context) : ModelStep(context)
{
    public override StepOutcome Run()
    {
        Context.Machine.EnterSyscall();
        return Answer(Context.Machine.Write(operation.File, operation.Value, operation.NonBlocking));
    }
}

/// <summary><c>mkdir</c> and <c>rmdir</c> of a cgroup.</summary>
internal sealed class CgroupStep(string path, bool make, StepContext context) : ModelStep(context)
{
    public override StepOutcome Run() => Answer(make ? Context.Machine.Mkdir(path) : Context.Machine.Rmdir(path));
}

/// <summary><c>move</c>: puts a process, or one thread, into a cgroup.</summary>
internal sealed class MoveStep(MoveOperation operation, StepContext context) : ModelStep(context)
{
    public override StepOutcome Run()
    {
        TaskStruct? task = operation.Process == "self" ? Context.Task : Context.Processes.Find(operation.Process)?.Task;
        Cgroup? destination = Context.Machine.Hierarchy.Find(operation.To);
        if (destination is null || task is null)
        {
            Context.Machine.EnterSyscall();
            return Answer(destination is null ? Errno.ENOENT : Errno.ESRCH);
        }
        return Answer(Context.Machine.Move(destination, task.Pid, wholeProcess: !operation.Thread));
    }
}

/// <summary><c>kill</c>: sends a signal to a process.</summary>
internal sealed class KillStep(KillOperation operation, StepContext context) : ModelStep(context)
{
    public override StepOutcome Run()
    {
        Context.Machine.EnterSyscall();
        bool self = operation.Process == "self";
        TaskStruct? task = self ? Context.Task : Context.Processes.Find(operation.Process)?.Task;
        int number = ModelSupport.IsIgnored(operation.Signal) ? 0 : ModelSupport.SignalNumber(operation.Signal);
        Errno errno = task is null ? Errno.ESRCH : Context.Machine.Kill(task.Pid, number);
        if (errno == Errno.None && Context.Task.FatalSignalPending)
        {
            Done++; // it was sent, and it was for us
        }
        return Answer(errno);
    }
}

/// <summary><c>exit</c> with a status.</summary>
internal sealed class ExitStep(int status, StepContext context) : ModelStep(context)
{
    public override StepOutcome Run()
    {
        Context.Machine.EnterSyscall();
        Done++;
        return new StepOutcome(StepNext.Exit, status);
    }
}
