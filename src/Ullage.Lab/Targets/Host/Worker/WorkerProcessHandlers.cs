using static Ullage.Lab.Targets.Host.Worker.WorkerLayout;

namespace Ullage.Lab.Targets.Host.Worker;

/// <summary>The code of instructions on names, time and processes.</summary>
internal static partial class WorkerImage
{
    /// <summary>The decimal number that begins at Arg1 and whose last digit is at [Arg0] becomes one larger, and a digit longer when it must.</summary>
    private static void EmitNextName(Assembler a, Common common)
    {
        Label loop = new(), add = new();
        a.Load(Reg.Rdx, Reg.R14, Arg0);
        a.Load(Reg.Rsi, Reg.Rdx, 0);
        a.Load(Reg.Rdi, Reg.R14, Arg1);
        a.Mark(loop);
        a.LoadByte(Reg.Rax, Reg.Rsi, 0);
        a.Compare(Reg.Rax, '9');
        a.Jump(Condition.NotEqual, add);
        a.StoreByte(Reg.Rsi, 0, (byte)'0');
        a.Add(Reg.Rsi, -1);
        a.Compare(Reg.Rsi, Reg.Rdi);
        a.Jump(Condition.AboveOrEqual, loop);
        a.StoreByte(Reg.Rdi, 0, (byte)'1');
        a.Load(Reg.Rsi, Reg.Rdx, 0);
        a.StoreByte(Reg.Rsi, 1, (byte)'0');
        a.StoreByte(Reg.Rsi, 2, (byte)0);
        a.IncrementMemory(Reg.Rdx, 0);
        a.Jump(common.Next);
        a.Mark(add);
        a.Add(Reg.Rax, 1);
        a.StoreByte(Reg.Rsi, 0, Reg.Rax);
        a.Jump(common.Next);
    }

    /// <summary>Writes the number at [Arg0] in decimal so that it ends before Arg1; [Arg2] = its start, [Arg3] = its length.</summary>
    private static void EmitDecimal(Assembler a, Common common)
    {
        Label loop = new();
        a.Load(Reg.Rax, Reg.R14, Arg0);
        a.Load(Reg.Rax, Reg.Rax, 0);
        a.Load(Reg.Rsi, Reg.R14, Arg1);
        a.Zero(Reg.Rdi);
        a.Move(Reg.Rcx, 10);
        a.Mark(loop);
        a.Zero(Reg.Rdx);
        a.Divide(Reg.Rcx);
        a.Add(Reg.Rdx, '0');
        a.Add(Reg.Rsi, -1);
        a.StoreByte(Reg.Rsi, 0, Reg.Rdx);
        a.Add(Reg.Rdi, 1);
        a.Test(Reg.Rax, Reg.Rax);
        a.Jump(Condition.NotEqual, loop);
        a.Load(Reg.Rax, Reg.R14, Arg2);
        a.Store(Reg.Rax, 0, Reg.Rsi);
        a.Load(Reg.Rax, Reg.R14, Arg3);
        a.Store(Reg.Rax, 0, Reg.Rdi);
        a.Jump(common.Next);
    }

    /// <summary>Sleeps until the next beat: [Arg0] ns (0 = the step's beginning) plus Arg1. Arg2 = room for a timespec.</summary>
    private static void EmitPace(Assembler a, Common common)
    {
        Label begun = new();
        a.Load(Reg.Rbx, Reg.R14, Arg0);
        a.Load(Reg.Rax, Reg.Rbx, 0);
        a.Move(Reg.Rcx, 1_000_000_000);
        a.Test(Reg.Rax, Reg.Rax);
        a.Jump(Condition.NotEqual, begun);
        a.Load(Reg.Rax, Reg.R15, StepBegan);
        a.Multiply(Reg.Rcx);
        a.Load(Reg.Rdx, Reg.R15, StepBegan + 8);
        a.Add(Reg.Rax, Reg.Rdx);
        a.Mark(begun);
        a.Load(Reg.Rdx, Reg.R14, Arg1);
        a.Add(Reg.Rax, Reg.Rdx);
        a.Store(Reg.Rbx, 0, Reg.Rax);
        a.Zero(Reg.Rdx);
        a.Divide(Reg.Rcx);
        a.Load(Reg.Rbx, Reg.R14, Arg2);
        a.Store(Reg.Rbx, 0, Reg.Rax);
        a.Store(Reg.Rbx, 8, Reg.Rdx);
        a.Move(Reg.Rax, 230); // clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, timespec, 0)
        a.Move(Reg.Rdi, 1);
        a.Move(Reg.Rsi, 1);
        a.Move(Reg.Rdx, Reg.Rbx);
        a.Zero(Reg.R10);
        a.Syscall();
        a.Jump(common.Next);
    }

    /// <summary>Arg0 = the child's slot, Arg1 = its program.</summary>
    private static void EmitFork(Assembler a, Common common)
    {
        Label child = new();
        a.Move(Reg.Rax, 57);
        a.Syscall();
        a.Test(Reg.Rax, Reg.Rax);
        a.Jump(Condition.Equal, child);
        a.Compare(Reg.Rax, -4095);
        a.Jump(Condition.AboveOrEqual, common.Judge);
        a.Load(Reg.Rcx, Reg.R14, Arg0);
        a.Store(Reg.Rcx, SlotPid, Reg.Rax);
        a.Store(Reg.Rcx, SlotLivePid, Reg.Rax);
        a.Jump(common.Next);
        a.Mark(child);
        a.Load(Reg.R13, Reg.R14, Arg0);
        a.Store(Reg.R13, SlotState, StateRunning);
        a.Zero(Reg.R15);
        a.Load(Reg.R14, Reg.R14, Arg1);
        a.JumpIndirect(Reg.R14);
    }

    /// <summary>Waits for the child in slot Arg0, if it was started and not yet waited for, and keeps its status.</summary>
    private static void EmitWaitChild(Assembler a, Common common)
    {
        Label again = new();
        a.Load(Reg.Rbx, Reg.R14, Arg0);
        a.Mark(again);
        a.Load(Reg.Rdi, Reg.Rbx, SlotLivePid);
        a.Test(Reg.Rdi, Reg.Rdi);
        a.Jump(Condition.Equal, common.Next);
        a.Move(Reg.Rsi, Reg.Rbx);
        a.Add(Reg.Rsi, SlotStatus);
        a.Zero(Reg.Rdx);
        a.Zero(Reg.R10);
        a.Move(Reg.Rax, 61);
        a.Syscall();
        a.Compare(Reg.Rax, -4); // EINTR
        a.Jump(Condition.Equal, again);
        a.Compare(Reg.Rax, -4095);
        a.Jump(Condition.AboveOrEqual, common.Next);
        a.Store(Reg.Rbx, SlotLivePid, 0);
        a.Store(Reg.Rbx, SlotStatusValid, 1);
        a.Jump(common.Next);
    }

    /// <summary>Moves the break by Arg0. The kernel answers where the break is, not an errno.</summary>
    private static void EmitBrk(Assembler a, Common common)
    {
        Label refused = new();
        a.Move(Reg.Rax, 12);
        a.Zero(Reg.Rdi);
        a.Syscall();
        a.Load(Reg.Rdi, Reg.R14, Arg0);
        a.Add(Reg.Rdi, Reg.Rax);
        a.Move(Reg.Rbx, Reg.Rdi);
        a.Move(Reg.Rax, 12);
        a.Syscall();
        a.Compare(Reg.Rax, Reg.Rbx);
        a.Jump(Condition.NotEqual, refused);
        a.Jump(common.Next);
        a.Mark(refused);
        a.Move(Reg.Rax, 12); // ENOMEM
        a.Jump(common.Fail);
    }

    /// <summary>Says that it is ready and waits until the gate opens; ends if process Arg0 is no longer the parent (it died before the death signal was asked for).</summary>
    private static void EmitGate(Assembler a, Common common)
    {
        Label loop = new(), open = new(), orphan = new();
        a.Move(Reg.Rax, 110);
        a.Syscall();
        a.CompareMemory(Reg.Rax, Reg.R14, Arg0);
        a.Jump(Condition.NotEqual, orphan);
        a.Store(Reg.R13, SlotState, StateReady);
        a.Mark(loop);
        a.CompareMemory(Reg.R13, SlotGate, 0);
        a.Jump(Condition.NotEqual, open);
        a.Move(Reg.Rax, 202); // futex(gate, FUTEX_WAIT, 0, no timeout)
        a.Move(Reg.Rdi, Reg.R13);
        a.Add(Reg.Rdi, SlotGate);
        a.Zero(Reg.Rsi);
        a.Zero(Reg.Rdx);
        a.Zero(Reg.R10);
        a.Syscall();
        a.Jump(loop);
        a.Mark(open);
        a.Store(Reg.R13, SlotState, StateRunning);
        a.Jump(common.Next);
        a.Mark(orphan);
        EmitEnd(a, common);
    }

    private static void EmitPause(Assembler a, Common common)
    {
        Label loop = new();
        a.Store(Reg.R13, SlotState, StatePaused);
        a.Mark(loop);
        a.Move(Reg.Rax, 34);
        a.Syscall();
        a.Jump(loop);
    }

    private static void EmitEnd(Assembler a, Common common)
    {
        a.Zero(Reg.Rdi);
        a.Move(Reg.Rax, 231);
        a.Syscall();
    }
}
