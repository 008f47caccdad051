using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using static Ullage.Lab.Targets.Host.Worker.WorkerLayout;

namespace Ullage.Lab.Targets.Host.Worker;

/// <summary>One instruction of a program.</summary>
internal sealed class Instruction
{
    internal required string Handler { get; init; }
    internal long Flags { get; set; }
    internal long Number { get; init; }
    internal long[] Arguments { get; } = new long[6];
    internal Mark? OnError { get; set; }
    /// <summary>An argument that is the address of another instruction.</summary>
    internal (int Argument, Mark Target)? Target { get; set; }
    internal long StoreAt { get; init; }
    internal long FineErrno { get; init; }
    internal long[] Extra { get; } = new long[3];
}

/// <summary>A place in a program, known or to be known.</summary>
internal sealed class Mark
{
    internal int Index { get; set; } = -1;
}

/// <summary>Lays out an arena: variables, strings, streams, steps and passes first, then the instructions.</summary>
internal sealed class ArenaBuilder
{
    private readonly List<Instruction> _instructions = [];
    private readonly List<(long Offset, byte[] Bytes)> _contents = [];
    private long _used = 64;

    internal int InstructionCount => _instructions.Count;

    internal long Allocate(long bytes)
    {
        long at = _used;
        _used += (bytes + 7) & ~7L;
        return ArenaAddress + at;
    }

    internal long Variable(long value = 0)
    {
        byte[] bytes = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, value);
        return Put(bytes);
    }

    /// <summary>A string that ends with NUL, with room for some more bytes.</summary>
    internal long Text(string text, int room = 0)
    {
        byte[] bytes = new byte[Encoding.UTF8.GetByteCount(text) + 1 + room];
        Encoding.UTF8.GetBytes(text, bytes);
        return Put(bytes);
    }

    internal long Stream(uint[] pages) => Put(MemoryMarshal.AsBytes<uint>(pages).ToArray());

    /// <summary>A timespec.</summary>
    internal long Time(long ns)
    {
        long at = Variable(ns / 1_000_000_000);
        _ = Variable(ns % 1_000_000_000);
        return at;
    }

    internal void Emit(Instruction instruction) => _instructions.Add(instruction);

    internal void Place(Mark mark) => mark.Index = _instructions.Count;

    /// <summary>Makes the shared file. <paramref name="slot"/> is the address of the process's slot.</summary>
    internal SharedFile Build(long slot, Mark entry)
    {
        long codeAt = (_used + 127) & ~127L;
        SharedFile file = new("ullage-arena", codeAt + (long)_instructions.Count * InstructionSize);
        foreach ((long offset, byte[] bytes) in _contents)
        {
            bytes.CopyTo(file.Bytes(offset, bytes.Length));
        }
        for (int i = 0; i < _instructions.Count; i++)
        {
            Encode(_instructions[i], file.Bytes(codeAt + (long)i * InstructionSize, InstructionSize), ArenaAddress + codeAt);
        }
        file.Write(0, slot);
        file.Write(8, AddressOf(entry, ArenaAddress + codeAt));
        return file;
    }

    private long Put(byte[] bytes)
    {
        long address = Allocate(bytes.Length);
        _contents.Add((address - ArenaAddress, bytes));
        return address;
    }

    private static void Encode(Instruction instruction, Span<byte> bytes, long code)
    {
        Word(bytes, Handler, WorkerImage.Address(instruction.Handler));
        Word(bytes, WorkerLayout.Flags, instruction.Flags);
        Word(bytes, WorkerLayout.Number, instruction.Number);
        for (int i = 0; i < 6; i++)
        {
            Word(bytes, Arg0 + 8 * i, instruction.Arguments[i]);
        }
        if (instruction.Target is (int argument, Mark target))
        {
            Word(bytes, Arg0 + 8 * argument, AddressOf(target, code));
        }
        Word(bytes, WorkerLayout.OnError, instruction.OnError is null ? 0 : AddressOf(instruction.OnError, code));
        Word(bytes, WorkerLayout.StoreAt, instruction.StoreAt);
        Word(bytes, WorkerLayout.FineErrno, instruction.FineErrno);
        for (int i = 0; i < 3; i++)
        {
            Word(bytes, Extra0 + 8 * i, instruction.Extra[i]);
        }
    }

    private static long AddressOf(Mark mark, long code) => mark.Index >= 0 ? code + (long)mark.Index * InstructionSize
        : throw new InvalidOperationException("an instruction refers to a place that was never set");

    private static void Word(Span<byte> bytes, int at, long value) => BinaryPrimitives.WriteInt64LittleEndian(bytes[at..], value);
}
