using System.Buffers.Binary;
using static Ullage.Lab.Targets.Host.Worker.WorkerLayout;

namespace Ullage.Lab.Targets.Host.Worker;

/// <summary>
/// The worker: a static x86-64 executable of one page that we emit ourselves. It has no C library, no runtime, no heap and uses no stack: after it has entered
/// its cgroup, it does only what its program says, so that the charges are the scenario's alone.
/// A program is a row of 128-byte instructions in the arena; the first word of each is the address of the code that performs it.
/// Registers: r13 = this process's slot, r14 = the instruction, r15 = the step whose results are counted.
/// </summary>
internal static partial class WorkerImage
{
    private const int HeaderSize = 64 + 2 * 56;
    private const int SysClockGettime = 228;

    private static readonly Lazy<(byte[] Image, Dictionary<string, long> Handlers)> Built = new(Build);

    /// <summary>The ELF file.</summary>
    internal static byte[] Bytes => Built.Value.Image;

    /// <summary>The address of an instruction's code.</summary>
    internal static long Address(string handler) => Built.Value.Handlers[handler];

    private static (byte[] Image, Dictionary<string, long> Handlers) Build()
    {
        Assembler a = new();
        Common common = new(new Label(), new Label(), new Label());
        Dictionary<string, long> handlers = new(StringComparer.Ordinal);
        EmitStart(a);
        EmitCommon(a, common);
        foreach ((string name, Action<Assembler, Common> emit) in Handlers)
        {
            handlers[name] = CodeAddress + HeaderSize + a.Length;
            emit(a, common);
        }
        return (Elf(a.ToArray()), handlers);
    }

    private static IEnumerable<(string Name, Action<Assembler, Common> Emit)> Handlers =>
    [
        ("syscall", EmitSyscall), ("access", EmitAccess), ("fill", EmitFill), ("step_begin", EmitStepBegin), ("step_end", EmitStepEnd),
        ("warm", EmitWarm), ("loop", EmitLoop), ("check", EmitCheck), ("jump", EmitJump), ("set", EmitSet), ("copy", EmitCopy), ("add", EmitAdd), ("count", EmitCount), ("next_name", EmitNextName),
        ("decimal", EmitDecimal), ("pace", EmitPace), ("fork", EmitFork), ("wait_child", EmitWaitChild), ("brk", EmitBrk), ("gate", EmitGate),
        ("pause", EmitPause), ("end", EmitEnd),
    ];

    /// <summary>Shared tails: go to the next instruction; judge a system call's answer; fail the step with the errno in rax.</summary>
    private sealed record Common(Label Next, Label Judge, Label Fail);

    /// <summary>Maps board and arena with every page present, then starts the program. The first two words of the arena are slot and program.</summary>
    private static void EmitStart(Assembler a)
    {
        EmitMap(a, BoardFd, BoardAddress);
        EmitMap(a, ArenaFd, ArenaAddress);
        a.Move(Reg.Rax, ArenaAddress);
        a.Load(Reg.R13, Reg.Rax, 0);
        a.Load(Reg.R14, Reg.Rax, 8);
        a.Zero(Reg.R15);
        a.JumpIndirect(Reg.R14);
    }

    private static void EmitMap(Assembler a, int fd, long address)
    {
        // The size is the file's: lseek(fd, 0, SEEK_END). Then mmap(address, size, READ|WRITE, SHARED|FIXED|POPULATE, fd, 0).
        a.Move(Reg.Rax, 8);
        a.Move(Reg.Rdi, fd);
        a.Zero(Reg.Rsi);
        a.Move(Reg.Rdx, 2);
        a.Syscall();
        a.Move(Reg.Rsi, Reg.Rax);
        a.Move(Reg.Rax, 9);
        a.Move(Reg.Rdi, address);
        a.Move(Reg.Rdx, 3);
        a.Move(Reg.R10, 0x8011);
        a.Move(Reg.R8, fd);
        a.Zero(Reg.R9);
        a.Syscall();
    }

    private static void EmitCommon(Assembler a, Common common)
    {
        Label fine = new();
        Label fail = new();
        a.Mark(common.Judge);
        a.Compare(Reg.Rax, -4095);
        a.Jump(Condition.AboveOrEqual, fail);
        a.Mark(fine);
        a.Load(Reg.Rcx, Reg.R14, StoreAt);
        a.Test(Reg.Rcx, Reg.Rcx);
        a.Jump(Condition.Equal, common.Next);
        a.Store(Reg.Rcx, 0, Reg.Rax);
        a.Mark(common.Next);
        a.Add(Reg.R14, InstructionSize);
        a.JumpIndirect(Reg.R14);
        a.Mark(fail);
        a.Negate(Reg.Rax);
        a.CompareMemory(Reg.Rax, Reg.R14, FineErrno);
        a.Jump(Condition.Equal, common.Next);
        a.TestMemory(Reg.R14, Flags, FlagIgnoreErrors);
        a.Jump(Condition.NotEqual, common.Next);
        a.Mark(common.Fail);
        a.Store(Reg.R15, StepErrno, Reg.Rax);
        a.Load(Reg.R14, Reg.R14, OnError);
        a.JumpIndirect(Reg.R14);
    }

    private static byte[] Elf(byte[] code)
    {
        byte[] file = new byte[HeaderSize + code.Length];
        ReadOnlySpan<byte> ident = [0x7F, (byte)'E', (byte)'L', (byte)'F', 2, 1, 1];
        ident.CopyTo(file);
        Half(file, 16, 2); // ET_EXEC
        Half(file, 18, 62); // EM_X86_64
        Half(file, 20, 1);
        Word(file, 24, CodeAddress + HeaderSize);
        Word(file, 32, 64); // program headers follow
        Half(file, 52, 64);
        Half(file, 54, 56);
        Half(file, 56, 2);
        Half(file, 64, 1); // PT_LOAD, read and execute, the whole file
        Half(file, 68, 5);
        Word(file, 64 + 16, CodeAddress);
        Word(file, 64 + 24, CodeAddress);
        Word(file, 64 + 32, file.Length);
        Word(file, 64 + 40, file.Length);
        Word(file, 64 + 48, 0x1000);
        BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(120), 0x6474_E551); // PT_GNU_STACK, not executable
        Half(file, 124, 6);
        code.CopyTo(file, HeaderSize);
        return file;
    }

    private static void Half(byte[] file, int at, ushort value) => BinaryPrimitives.WriteUInt16LittleEndian(file.AsSpan(at), value);

    private static void Word(byte[] file, int at, long value) => BinaryPrimitives.WriteInt64LittleEndian(file.AsSpan(at), value);
}
