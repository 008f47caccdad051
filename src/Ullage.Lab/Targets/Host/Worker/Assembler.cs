using System.Buffers.Binary;

namespace Ullage.Lab.Targets.Host.Worker;

/// <summary>x86-64 registers by their encoding.</summary>
internal enum Reg
{
    Rax, Rcx, Rdx, Rbx, Rsp, Rbp, Rsi, Rdi, R8, R9, R10, R11, R12, R13, R14, R15,
}

/// <summary>Condition codes of Jcc.</summary>
internal enum Condition : byte
{
    Below = 2, AboveOrEqual = 3, Equal = 4, NotEqual = 5, Less = 0xC,
}

/// <summary>A place in the code, known or to be known.</summary>
internal sealed class Label
{
    internal int Offset { get; set; } = -1;
    internal List<int> Fixups { get; } = [];
}

/// <summary>
/// Just enough of an x86-64 assembler for <see cref="WorkerImage"/>: 64-bit moves, arithmetic, branches, system calls. Memory operands are always base +
/// 32-bit displacement, so there is one encoding to get right.
/// </summary>
internal sealed class Assembler
{
    private readonly List<byte> _code = [];

    internal int Length => _code.Count;

    internal byte[] ToArray() => [.. _code];

    internal void Mark(Label label)
    {
        label.Offset = _code.Count;
        foreach (int at in label.Fixups)
        {
            Patch(at, label.Offset);
        }
    }

    internal void Jump(Label label)
    {
        Bytes(0xE9);
        Relative(label);
    }

    internal void Jump(Condition condition, Label label)
    {
        Bytes(0x0F, (byte)(0x80 | (byte)condition));
        Relative(label);
    }

    /// <summary>jmp [base]</summary>
    internal void JumpIndirect(Reg address) => Memory(0xFF, 4, address, 0, wide: false);

    internal void Syscall() => Bytes(0x0F, 0x05);

    internal void Move(Reg to, Reg from) => Registers(0x89, from, to);

    internal void Move(Reg to, long value)
    {
        if (value is >= 0 and <= uint.MaxValue)
        {
            if (to >= Reg.R8)
            {
                Bytes(0x41);
            }
            Bytes((byte)(0xB8 | ((int)to & 7)));
            Imm32(unchecked((int)(uint)value));
            return;
        }
        Bytes((byte)(0x48 | ((int)to >> 3)), (byte)(0xB8 | ((int)to & 7)));
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, value);
        _code.AddRange(bytes);
    }

    /// <summary>to = [address + displacement]</summary>
    internal void Load(Reg to, Reg address, int displacement) => Memory(0x8B, (int)to, address, displacement);

    /// <summary>[address + displacement] = from</summary>
    internal void Store(Reg address, int displacement, Reg from) => Memory(0x89, (int)from, address, displacement);

    /// <summary>[address + displacement] = value, sign-extended to 64 bits</summary>
    internal void Store(Reg address, int displacement, int value)
    {
        Memory(0xC7, 0, address, displacement);
        Imm32(value);
    }

    /// <summary>to = the byte at [address + displacement], zero-extended</summary>
    internal void LoadByte(Reg to, Reg address, int displacement)
    {
        Rex((int)to, (int)address, wide: true);
        Bytes(0x0F, 0xB6);
        ModRm((int)to, address, displacement);
    }

    /// <summary>byte [address + displacement] = value</summary>
    internal void StoreByte(Reg address, int displacement, byte value)
    {
        Memory(0xC6, 0, address, displacement, wide: false);
        Bytes(value);
    }

    /// <summary>byte [address + displacement] = low byte of rax, rcx, rdx or rbx</summary>
    internal void StoreByte(Reg address, int displacement, Reg from) => Memory(0x88, (int)from, address, displacement, wide: false);

    /// <summary>to (32 bits, zero-extended) = [address + index * 4]; none of them rsp, rbp, r12 or r13</summary>
    internal void LoadUInt32Indexed(Reg to, Reg address, Reg index)
    {
        Bytes((byte)(0x40 | (((int)to >> 3) << 2) | (((int)index >> 3) << 1) | ((int)address >> 3)), 0x8B,
            (byte)((((int)to & 7) << 3) | 4), (byte)(0x80 | (((int)index & 7) << 3) | ((int)address & 7)));
    }

    internal void Add(Reg to, Reg from) => Registers(0x01, from, to);

    internal void Add(Reg to, int value) => Immediate(0, to, value);

    internal void AddMemory(Reg address, int displacement, Reg from) => Memory(0x01, (int)from, address, displacement);

    internal void IncrementMemory(Reg address, int displacement) => Memory(0xFF, 0, address, displacement);

    internal void DecrementMemory(Reg address, int displacement) => Memory(0xFF, 1, address, displacement);

    internal void Compare(Reg left, Reg right) => Registers(0x39, right, left);

    internal void Compare(Reg left, int value) => Immediate(7, left, value);

    internal void CompareMemory(Reg left, Reg address, int displacement) => Memory(0x3B, (int)left, address, displacement);

    internal void CompareMemory(Reg address, int displacement, int value)
    {
        Memory(0x81, 7, address, displacement);
        Imm32(value);
    }

    internal void Test(Reg left, Reg right) => Registers(0x85, right, left);

    /// <summary>test qword [address + displacement], mask</summary>
    internal void TestMemory(Reg address, int displacement, int mask)
    {
        Memory(0xF7, 0, address, displacement);
        Imm32(mask);
    }

    internal void Negate(Reg register) => Unary(3, register);

    /// <summary>rdx:rax / register: quotient in rax, remainder in rdx</summary>
    internal void Divide(Reg register) => Unary(6, register);

    /// <summary>rdx:rax = rax * register</summary>
    internal void Multiply(Reg register) => Unary(4, register);

    internal void ShiftLeft(Reg register, byte bits)
    {
        Rex(0, (int)register, wide: true);
        Bytes(0xC1, (byte)(0xE0 | ((int)register & 7)), bits);
    }

    internal void Zero(Reg register) => Registers(0x31, register, register);

    private void Unary(int extension, Reg register)
    {
        Rex(0, (int)register, wide: true);
        Bytes(0xF7, (byte)(0xC0 | (extension << 3) | ((int)register & 7)));
    }

    private void Immediate(int extension, Reg register, int value)
    {
        Rex(0, (int)register, wide: true);
        Bytes(0x81, (byte)(0xC0 | (extension << 3) | ((int)register & 7)));
        Imm32(value);
    }

    private void Registers(byte opcode, Reg reg, Reg rm)
    {
        Rex((int)reg, (int)rm, wide: true);
        Bytes(opcode, (byte)(0xC0 | (((int)reg & 7) << 3) | ((int)rm & 7)));
    }

    private void Memory(byte opcode, int reg, Reg address, int displacement, bool wide = true)
    {
        Rex(reg, (int)address, wide);
        Bytes(opcode);
        ModRm(reg, address, displacement);
    }

    private void Rex(int reg, int rm, bool wide) => Bytes((byte)(0x40 | (wide ? 8 : 0) | ((reg >> 3) << 2) | (rm >> 3)));

    private void ModRm(int reg, Reg address, int displacement)
    {
        Bytes((byte)(0x80 | ((reg & 7) << 3) | ((int)address & 7)));
        if (((int)address & 7) == 4)
        {
            Bytes(0x24); // rsp and r12 as a base need a SIB byte
        }
        Imm32(displacement);
    }

    private void Relative(Label label)
    {
        int at = _code.Count;
        Imm32(0);
        if (label.Offset >= 0)
        {
            Patch(at, label.Offset);
        }
        else
        {
            label.Fixups.Add(at);
        }
    }

    private void Patch(int at, int target)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, target - (at + 4));
        for (int i = 0; i < 4; i++)
        {
            _code[at + i] = bytes[i];
        }
    }

    private void Imm32(int value)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, value);
        _code.AddRange(bytes);
    }

    private void Bytes(params ReadOnlySpan<byte> bytes) => _code.AddRange(bytes);
}
