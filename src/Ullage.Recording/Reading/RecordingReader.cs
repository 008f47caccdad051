using System.Buffers.Binary;
using System.Globalization;
using System.IO.Compression;
using System.Text;
using Ullage.Recording.Format;

namespace Ullage.Recording.Reading;

/// <summary>A kernel log line of a recording.</summary>
/// <param name="TimeNs">When, on the recording's clock.</param>
/// <param name="Level">The syslog level.</param>
/// <param name="Text">The line.</param>
public sealed record RecordedEvent(long TimeNs, int Level, string Text);

/// <summary>Reads a recording (<see cref="RecordingFormat"/>): goes to any moment and from sample to sample. Not thread-safe.</summary>
public sealed class RecordingReader : IDisposable
{
    private readonly FileStream _stream;
    private readonly SampleDecoder _decoder;
    private readonly List<(long TimeNs, long Offset)> _blocks = [];
    private readonly long _end;
    private readonly byte[] _header = new byte[RecordingFormat.HeaderBytes];
    private byte[] _payload = [];
    private long _next;

    private RecordingReader(string path, FileStream stream)
    {
        _stream = stream;
        Path = path;
        Files = new RecordedFiles();
        _decoder = new SampleDecoder(Files);
        Meta = ReadMeta();
        _end = ReadIndex() ?? Scan();
        if (_blocks.Count == 0)
        {
            throw new RecordingException($"{path} has no sample: it was cut off before the first was written; record again");
        }
        LastNs = FindLast();
        _next = _blocks[0].Offset;
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>What it is of.</summary>
    public RecordingMeta Meta { get; }

    /// <summary>The files at the present moment; empty before the first <see cref="MoveNext"/> or <see cref="MoveTo"/>.</summary>
    public RecordedFiles Files { get; }

    /// <summary>Time of the present sample.</summary>
    public long TimeNs { get; private set; }

    /// <summary>Time of the first sample.</summary>
    public long FirstNs => _blocks[0].TimeNs;

    /// <summary>Time of the last sample.</summary>
    public long LastNs { get; }

    /// <summary>Bytes that belong to no whole frame: the recorder was killed in the middle of one, or the file is damaged. 0 when all is well.</summary>
    public long LostBytes { get; private set; }

    /// <summary>Opens a recording. Throws <see cref="RecordingException"/> when it is none, and what file access throws.</summary>
    public static RecordingReader Open(string path)
    {
        FileStream stream = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 1 << 16);
        try
        {
            byte[] magic = new byte[RecordingFormat.Magic.Length];
            int read = stream.ReadAtLeast(magic, magic.Length, throwOnEndOfStream: false);
            if (!magic.AsSpan(0, read).SequenceEqual(RecordingFormat.Magic))
            {
                bool later = Encoding.ASCII.GetString(magic, 0, read).StartsWith("ullage recording ", StringComparison.Ordinal);
                throw new RecordingException(later ? $"{path} was recorded by a later version: use that one to read it" : $"{path} is not a recording: 'ullage record -o FILE' makes one");
            }
            return new RecordingReader(path, stream);
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }

    /// <summary>Whether a file begins like a recording.</summary>
    public static bool IsRecording(string path)
    {
        try
        {
            using FileStream stream = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            byte[] magic = new byte[17];
            return stream.ReadAtLeast(magic, magic.Length, throwOnEndOfStream: false) == magic.Length && magic.AsSpan().SequenceEqual(RecordingFormat.Magic[..17]);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>Goes to the next sample; false at the end. Every frame on the way is checked: what was damaged is refused, not passed over.</summary>
    public bool MoveNext()
    {
        while (_next < _end)
        {
            long offset = _next;
            if (!ReadHeader(offset, out int length, out byte kind, out long time) || !ReadPayload(offset, length))
            {
                throw Damaged(offset, "the checksum is wrong");
            }
            _next = offset + FrameLength(length);
            if (kind is FrameKind.Block or FrameKind.Sample)
            {
                Apply(kind, length, offset);
                TimeNs = time;
                return true;
            }
        }
        return false;
    }

    /// <summary>Goes to the last sample that is not after a time, or to the first one.</summary>
    public void MoveTo(long timeNs)
    {
        int block = 0;
        for (int i = 0; i < _blocks.Count && _blocks[i].TimeNs <= timeNs; i++)
        {
            block = i;
        }
        _next = _blocks[block].Offset;
        _ = MoveNext();
        while (PeekTime() is long next && next <= timeNs && MoveNext())
        {
        }
    }

    /// <summary>The next sample will be the first one again.</summary>
    public void Rewind() => _next = _blocks[0].Offset;

    /// <summary>All kernel log lines.</summary>
    public IReadOnlyList<RecordedEvent> Events()
    {
        List<RecordedEvent> events = [];
        foreach ((long offset, int length, long time) in Frames(FrameKind.Event))
        {
            if (!ReadPayload(offset, length))
            {
                break;
            }
            string line = Encoding.UTF8.GetString(_payload, 0, length);
            int semicolon = line.IndexOf(';');
            _ = int.TryParse(line.AsSpan(0, Math.Max(0, semicolon)), NumberStyles.None, CultureInfo.InvariantCulture, out int level);
            events.Add(new RecordedEvent(time, level, line[(semicolon + 1)..]));
        }
        return events;
    }

    /// <summary>The result of the run that was recorded, as JSON; null when it is no run's, or the run did not end.</summary>
    public byte[]? Result()
    {
        foreach ((long offset, int length, long _) in Frames(FrameKind.Result))
        {
            if (ReadPayload(offset, length))
            {
                using BrotliStream brotli = new(new MemoryStream(_payload, 0, length), CompressionMode.Decompress);
                using MemoryStream plain = new();
                brotli.CopyTo(plain);
                return plain.ToArray();
            }
        }
        return null;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _decoder.Dispose();
        _stream.Dispose();
    }

    private static long FrameLength(int payload) => RecordingFormat.HeaderBytes + payload + RecordingFormat.TrailerBytes;

    private void Apply(byte kind, int length, long offset)
    {
        try
        {
            _decoder.Apply(kind == FrameKind.Block, _payload.AsSpan(0, length));
        }
        catch (RecordingException wrong)
        {
            throw Damaged(offset, wrong.Message);
        }
    }

    private RecordingException Damaged(long offset, string how) => new($"{Path} is damaged at byte {offset}: {how}: what is before it can be read with --until {Meta.TimeText(TimeNs)}");

    private long? PeekTime()
    {
        long at = _next;
        while (at < _end && ReadHeader(at, out int length, out byte kind, out long time))
        {
            if (kind is FrameKind.Block or FrameKind.Sample)
            {
                return time;
            }
            at += FrameLength(length);
        }
        return null;
    }

    private IEnumerable<(long Offset, int Length, long Time)> Frames(byte wanted)
    {
        long at = RecordingFormat.Magic.Length;
        while (at < _end && ReadHeader(at, out int length, out byte kind, out long time))
        {
            if (kind == wanted)
            {
                yield return (at, length, time);
            }
            at += FrameLength(length);
        }
    }

    private RecordingMeta ReadMeta()
    {
        long at = RecordingFormat.Magic.Length;
        if (!ReadHeader(at, out int length, out byte kind, out _) || kind != FrameKind.Meta || !ReadPayload(at, length))
        {
            throw new RecordingException($"{Path} has no beginning: it was cut off when it was begun, or is damaged; record again");
        }
        return RecordingMeta.FromJson(_payload.AsMemory(0, length));
    }

    // Where the frames end, when the recording was closed in good order; else null.
    private long? ReadIndex()
    {
        long length = _stream.Length;
        Span<byte> tail = stackalloc byte[RecordingFormat.TailBytes];
        if (length < RecordingFormat.Magic.Length + tail.Length)
        {
            return null;
        }
        _stream.Position = length - tail.Length;
        _stream.ReadExactly(tail);
        long at = BinaryPrimitives.ReadInt64LittleEndian(tail);
        bool plausible = tail[8..].SequenceEqual(RecordingFormat.IndexMark) && at > 0 && at < length;
        if (!plausible || !ReadHeader(at, out int size, out byte kind, out _) || kind != FrameKind.Index || !ReadPayload(at, size))
        {
            return null;
        }
        ByteReader reader = new(_payload.AsSpan(0, size));
        long time = 0;
        long offset = 0;
        while (!reader.AtEnd)
        {
            time += (long)reader.Varint();
            offset += (long)reader.Varint();
            _blocks.Add((time, offset));
        }
        return at;
    }

    // A recorder that was killed wrote no index: the frames tell where the next one is.
    private long Scan()
    {
        long at = RecordingFormat.Magic.Length;
        long lastWhole = at;
        while (ReadHeader(at, out int length, out byte kind, out long time))
        {
            long next = at + FrameLength(length);
            if (next > _stream.Length)
            {
                break;
            }
            if (kind == FrameKind.Block)
            {
                _blocks.Add((time, at));
            }
            lastWhole = at;
            at = next;
        }
        // Only the last frame can be torn although its length fits: a disk may have kept its place and not its bytes.
        if (ReadHeader(lastWhole, out int last, out byte lastKind, out _) && lastWhole < at && !ReadPayload(lastWhole, last))
        {
            at = lastWhole;
            if (lastKind == FrameKind.Block)
            {
                _blocks.RemoveAt(_blocks.Count - 1);
            }
        }
        LostBytes = _stream.Length - at;
        return at;
    }

    private long FindLast()
    {
        long last = _blocks[^1].TimeNs;
        long at = _blocks[^1].Offset;
        while (at < _end && ReadHeader(at, out int length, out byte kind, out long time))
        {
            last = kind is FrameKind.Block or FrameKind.Sample ? time : last;
            at += FrameLength(length);
        }
        return last;
    }

    private bool ReadHeader(long at, out int length, out byte kind, out long time)
    {
        (length, kind, time) = (0, 0, 0);
        if (at < 0 || at + RecordingFormat.HeaderBytes > _stream.Length)
        {
            return false;
        }
        _stream.Position = at;
        _stream.ReadExactly(_header);
        length = BinaryPrimitives.ReadInt32LittleEndian(_header);
        kind = _header[4];
        time = BinaryPrimitives.ReadInt64LittleEndian(_header.AsSpan(5));
        return length is >= 0 and <= RecordingFormat.MostPayloadBytes && kind is >= (byte)'A' and <= (byte)'Z';
    }

    // Reads a frame's payload and checks the whole frame.
    private bool ReadPayload(long offset, int length)
    {
        if (offset + FrameLength(length) > _stream.Length)
        {
            return false;
        }
        int all = (int)FrameLength(length);
        if (_payload.Length < all)
        {
            _payload = new byte[Math.Max(all, _payload.Length * 2)];
        }
        _stream.Position = offset;
        _stream.ReadExactly(_payload.AsSpan(0, all));
        bool whole = RecordingFormat.Crc(_payload.AsSpan(0, all - RecordingFormat.TrailerBytes)) == BinaryPrimitives.ReadUInt32LittleEndian(_payload.AsSpan(all - RecordingFormat.TrailerBytes));
        _payload.AsSpan(RecordingFormat.HeaderBytes, length).CopyTo(_payload);
        return whole;
    }
}
