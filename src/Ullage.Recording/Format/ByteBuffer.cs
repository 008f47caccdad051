namespace Ullage.Recording.Format;

/// <summary>Bytes that grow.</summary>
internal sealed class ByteBuffer
{
    private byte[] _bytes = [];

    public int Length { get; private set; }

    public ReadOnlySpan<byte> Span => _bytes.AsSpan(0, Length);

    public void Clear() => Length = 0;

    /// <summary>Room for so many bytes more; <see cref="Commit"/> says how many were used.</summary>
    public Span<byte> Room(int count)
    {
        if (_bytes.Length - Length < count)
        {
            Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, Math.Max(16, Length + count)));
        }
        return _bytes.AsSpan(Length);
    }

    public void Commit(int count) => Length += count;

    public void Byte(byte value)
    {
        Room(1)[0] = value;
        Length++;
    }

    public void Bytes(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(Room(bytes.Length));
        Length += bytes.Length;
    }

    public void Varint(ulong value)
    {
        Span<byte> room = Room(10);
        int at = 0;
        while (value >= 0x80)
        {
            room[at++] = (byte)(value | 0x80);
            value >>= 7;
        }
        room[at++] = (byte)value;
        Length += at;
    }

    public void Zigzag(long value) => Varint((ulong)((value << 1) ^ (value >> 63)));

    /// <summary>Puts a number of four bytes, little-endian, at a place that has room for it.</summary>
    public void Patch(int at, int value) => System.Buffers.Binary.BinaryPrimitives.WriteInt32LittleEndian(_bytes.AsSpan(at), value);

    /// <summary>Puts a varint of up to five bytes at a place that was kept free for it: always five bytes, so that nothing moves.</summary>
    public void PatchCount(int at, int count)
    {
        for (int i = 0; i < 5; i++)
        {
            _bytes[at + i] = (byte)((count & 0x7f) | (i < 4 ? 0x80 : 0));
            count >>= 7;
        }
    }
}

/// <summary>Reads what <see cref="ByteBuffer"/> wrote. What is not there is a damaged recording.</summary>
internal ref struct ByteReader(ReadOnlySpan<byte> bytes)
{
    private readonly ReadOnlySpan<byte> _bytes = bytes;
    private int _at;

    public readonly bool AtEnd => _at >= _bytes.Length;

    public byte Byte() => _at < _bytes.Length ? _bytes[_at++] : throw new RecordingException("a sample ends too early");

    public ReadOnlySpan<byte> Bytes(int count)
    {
        if (count < 0 || count > _bytes.Length - _at)
        {
            throw new RecordingException("a sample ends too early");
        }
        ReadOnlySpan<byte> bytes = _bytes.Slice(_at, count);
        _at += count;
        return bytes;
    }

    public ulong Varint()
    {
        ulong value = 0;
        for (int shift = 0; shift < 70; shift += 7)
        {
            byte next = Byte();
            value |= (ulong)(next & 0x7f) << shift;
            if (next < 0x80)
            {
                return value;
            }
        }
        throw new RecordingException("a number is too long");
    }

    public int Count()
    {
        ulong value = Varint();
        return value <= RecordingFormat.MostPayloadBytes ? (int)value : throw new RecordingException("a count is too large");
    }

    public long Zigzag()
    {
        ulong value = Varint();
        return (long)(value >> 1) ^ -(long)(value & 1);
    }
}

/// <summary>A recording that is not what this version writes, or is damaged. The message says where and what to do.</summary>
public sealed class RecordingException(string message) : Exception(message);
