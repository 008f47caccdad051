using static Ullage.Lab.Targets.Host.Worker.WorkerLayout;

namespace Ullage.Lab.Targets.Host.Worker;

/// <summary>The code of instructions on memory, files and steps. The comment above each says what its arguments mean.</summary>
internal static partial class WorkerImage
{
    /// <summary>Number(Arg0..Arg5); flag bit i: argument i is the address of its value.</summary>
    private static void EmitSyscall(Assembler a, Common common)
    {
        Reg[] registers = [Reg.Rdi, Reg.Rsi, Reg.Rdx, Reg.R10, Reg.R8, Reg.R9];
        for (int i = 0; i < registers.Length; i++)
        {
            Label immediate = new();
            a.Load(registers[i], Reg.R14, Arg0 + 8 * i);
            a.TestMemory(Reg.R14, Flags, 1 << i);
            a.Jump(Condition.Equal, immediate);
            a.Load(registers[i], registers[i], 0);
            a.Mark(immediate);
        }
        Label call = new();
        a.TestMemory(Reg.R14, Flags, FlagNeedsPid);
        a.Jump(Condition.Equal, call);
        a.Move(Reg.Rax, -3); // ESRCH
        a.Test(Reg.Rdi, Reg.Rdi);
        a.Jump(Condition.Equal, common.Judge);
        a.Mark(call);
        a.Load(Reg.Rax, Reg.R14, Number);
        a.Syscall();
        a.Jump(common.Judge);
    }

    /// <summary>
    /// Arg0 = how many accesses, Arg1 = address of the cursor, Arg2 = stream of page numbers (0 = the cursor itself), Arg3 = pages in the stream,
    /// Arg4 = address of base or descriptor, Arg5 = kind, Number = buffer, Extra0 = address of the mapping to ask mincore about (0 = do not),
    /// Extra1 = address of the pass (hits, misses), Extra2 = a scratch byte.
    /// </summary>
    private static void EmitAccess(Assembler a, Common common)
    {
        Label loop = new(), done = new();
        a.Load(Reg.Rbx, Reg.R14, Arg0);
        a.Mark(loop);
        a.Test(Reg.Rbx, Reg.Rbx);
        a.Jump(Condition.Equal, common.Next);
        EmitNextPage(a);
        EmitMincore(a);
        EmitOneAccess(a, common, done);
        a.Mark(done);
        a.IncrementMemory(Reg.R15, StepDone);
        a.Add(Reg.Rbx, -1);
        a.Jump(loop);
    }

    /// <summary>rbp = byte offset of the next page of the stream; the cursor moves on and wraps.</summary>
    private static void EmitNextPage(Assembler a)
    {
        Label inside = new(), direct = new();
        a.Load(Reg.Rdx, Reg.R14, Arg1);
        a.Load(Reg.Rcx, Reg.Rdx, 0);
        a.CompareMemory(Reg.Rcx, Reg.R14, Arg3);
        a.Jump(Condition.Below, inside);
        a.Zero(Reg.Rcx);
        a.Mark(inside);
        a.Move(Reg.Rbp, Reg.Rcx);
        a.Load(Reg.Rsi, Reg.R14, Arg2);
        a.Test(Reg.Rsi, Reg.Rsi);
        a.Jump(Condition.Equal, direct);
        a.LoadUInt32Indexed(Reg.Rbp, Reg.Rsi, Reg.Rcx);
        a.Mark(direct);
        a.Add(Reg.Rcx, 1);
        a.Store(Reg.Rdx, 0, Reg.Rcx);
        a.ShiftLeft(Reg.Rbp, 12);
    }

    private static void EmitMincore(Assembler a)
    {
        Label skip = new(), miss = new();
        a.Load(Reg.Rdi, Reg.R14, Extra0);
        a.Test(Reg.Rdi, Reg.Rdi);
        a.Jump(Condition.Equal, skip);
        a.Load(Reg.Rdi, Reg.Rdi, 0);
        a.Add(Reg.Rdi, Reg.Rbp);
        a.Move(Reg.Rsi, 4096);
        a.Load(Reg.Rdx, Reg.R14, Extra2);
        a.Move(Reg.R12, Reg.Rdx);
        a.StoreByte(Reg.R12, 0, (byte)0);
        a.Move(Reg.Rax, 27);
        a.Syscall();
        a.Load(Reg.Rcx, Reg.R14, Extra1);
        a.TestMemory(Reg.R12, 0, 1);
        a.Jump(Condition.Equal, miss);
        a.IncrementMemory(Reg.Rcx, PassHits);
        a.Jump(skip);
        a.Mark(miss);
        a.IncrementMemory(Reg.Rcx, PassMisses);
        a.Mark(skip);
    }

    private static void EmitOneAccess(Assembler a, Common common, Label done)
    {
        Label write = new(), call = new();
        a.Load(Reg.Rdi, Reg.R14, Arg4);
        a.Load(Reg.Rdi, Reg.Rdi, 0);
        a.Load(Reg.Rcx, Reg.R14, Arg5);
        a.Compare(Reg.Rcx, (int)AccessKind.WriteByte);
        a.Jump(Condition.Equal, write);
        a.Jump(Condition.AboveOrEqual, call);
        a.Add(Reg.Rdi, Reg.Rbp);
        a.LoadByte(Reg.Rax, Reg.Rdi, 0);
        a.Jump(done);
        a.Mark(write);
        a.Add(Reg.Rdi, Reg.Rbp);
        a.StoreByte(Reg.Rdi, 0, 1);
        a.Jump(done);
        a.Mark(call);
        a.Move(Reg.Rax, Reg.Rcx);
        a.Add(Reg.Rax, 17 - (int)AccessKind.Pread); // pread64 is 17, pwrite64 is 18
        a.Load(Reg.Rsi, Reg.R14, Number);
        a.Move(Reg.Rdx, 4096);
        a.Move(Reg.R10, Reg.Rbp);
        a.Syscall();
        a.Compare(Reg.Rax, -4095);
        a.Jump(Condition.Below, done);
        a.Negate(Reg.Rax);
        a.Jump(common.Fail);
    }

    /// <summary>Writes to Arg1 pages from the address at [Arg0], counting each after it was written.</summary>
    private static void EmitFill(Assembler a, Common common)
    {
        Label loop = new();
        a.Load(Reg.Rsi, Reg.R14, Arg0);
        a.Load(Reg.Rsi, Reg.Rsi, 0);
        a.Load(Reg.Rcx, Reg.R14, Arg1);
        a.Mark(loop);
        a.StoreByte(Reg.Rsi, 0, 1);
        a.IncrementMemory(Reg.R15, StepDone);
        a.Add(Reg.Rsi, 4096);
        a.Add(Reg.Rcx, -1);
        a.Jump(Condition.NotEqual, loop);
        a.Jump(common.Next);
    }

    /// <summary>Writes to the page at [Arg0].</summary>
    private static void EmitWarm(Assembler a, Common common)
    {
        a.Load(Reg.Rax, Reg.R14, Arg0);
        a.Load(Reg.Rax, Reg.Rax, 0);
        a.StoreByte(Reg.Rax, 0, (byte)1);
        a.Jump(common.Next);
    }

    /// <summary>Arg0 = the step.</summary>
    private static void EmitStepBegin(Assembler a, Common common)
    {
        a.Load(Reg.R15, Reg.R14, Arg0);
        a.Store(Reg.R15, StepState, 1);
        a.Store(Reg.R15, StepErrno, 0);
        EmitClock(a, Reg.R15, StepBegan);
        a.Jump(common.Next);
    }

    /// <summary>Arg1 = the step around this one, 0 if none; OnError = where a failed step leads.</summary>
    private static void EmitStepEnd(Assembler a, Common common)
    {
        Label failed = new(), fine = new();
        EmitClock(a, Reg.R15, StepEnded);
        a.Store(Reg.R15, StepState, 2);
        a.Load(Reg.Rax, Reg.R15, StepErrno);
        a.Load(Reg.R15, Reg.R14, Arg1);
        a.Test(Reg.Rax, Reg.Rax);
        a.Jump(Condition.Equal, fine);
        a.TestMemory(Reg.R14, Flags, FlagUntilDone);
        a.Jump(Condition.Equal, failed);
        a.Mark(fine);
        a.Jump(common.Next);
        a.Mark(failed);
        a.Test(Reg.R15, Reg.R15);
        a.Jump(Condition.NotEqual, common.Fail);
        a.Load(Reg.R14, Reg.R14, OnError);
        a.JumpIndirect(Reg.R14);
    }

    private static void EmitClock(Assembler a, Reg address, int displacement)
    {
        a.Move(Reg.Rax, SysClockGettime);
        a.Move(Reg.Rdi, 1);
        a.Move(Reg.Rsi, address);
        a.Add(Reg.Rsi, displacement);
        a.Syscall();
    }

    /// <summary>Counts [Arg0] down; while it is not 0, goes to instruction Arg1.</summary>
    private static void EmitLoop(Assembler a, Common common)
    {
        a.Load(Reg.Rax, Reg.R14, Arg0);
        a.DecrementMemory(Reg.Rax, 0);
        a.Jump(Condition.Equal, common.Next);
        a.Load(Reg.R14, Reg.R14, Arg1);
        a.JumpIndirect(Reg.R14);
    }

    /// <summary>Goes to instruction Arg0.</summary>
    private static void EmitJump(Assembler a, Common common)
    {
        a.Load(Reg.R14, Reg.R14, Arg0);
        a.JumpIndirect(Reg.R14);
    }

    /// <summary>A step that has failed leads to OnError; used after what must be done in either case.</summary>
    private static void EmitCheck(Assembler a, Common common)
    {
        a.CompareMemory(Reg.R15, StepErrno, 0);
        a.Jump(Condition.Equal, common.Next);
        a.Load(Reg.R14, Reg.R14, OnError);
        a.JumpIndirect(Reg.R14);
    }

    /// <summary>[Arg0] = Arg1</summary>
    private static void EmitSet(Assembler a, Common common)
    {
        a.Load(Reg.Rax, Reg.R14, Arg0);
        a.Load(Reg.Rcx, Reg.R14, Arg1);
        a.Store(Reg.Rax, 0, Reg.Rcx);
        a.Jump(common.Next);
    }

    /// <summary>[Arg0] = [Arg1]</summary>
    private static void EmitCopy(Assembler a, Common common)
    {
        a.Load(Reg.Rax, Reg.R14, Arg0);
        a.Load(Reg.Rcx, Reg.R14, Arg1);
        a.Load(Reg.Rcx, Reg.Rcx, 0);
        a.Store(Reg.Rax, 0, Reg.Rcx);
        a.Jump(common.Next);
    }

    /// <summary>[Arg0] += Arg1</summary>
    private static void EmitAdd(Assembler a, Common common)
    {
        a.Load(Reg.Rax, Reg.R14, Arg0);
        a.Load(Reg.Rcx, Reg.R14, Arg1);
        a.AddMemory(Reg.Rax, 0, Reg.Rcx);
        a.Jump(common.Next);
    }

    /// <summary>The step has done Arg0 more.</summary>
    private static void EmitCount(Assembler a, Common common)
    {
        a.Load(Reg.Rcx, Reg.R14, Arg0);
        a.AddMemory(Reg.R15, StepDone, Reg.Rcx);
        a.Jump(common.Next);
    }
}
