using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using Ullage.Abi;
using Ullage.Recording.Format;

namespace Ullage.Recording.Writing;

/// <summary>
/// Writes a recording (<see cref="RecordingFormat"/>). Files are given one after the other, then the sample is ended; it is on disk, as far as write(2) goes, when
/// <see cref="EndSample"/> returns. Not thread-safe.
/// </summary>
public sealed class RecordingWriter : IDisposable
{
    private const int SamplesPerBlock = 60;
    private const int BlockBytes = 8 << 20;
    private const int Quality = 5;
    private const int Window = 22;

    private readonly FileStream _stream;
    private readonly SampleEncoder _encoder = new();
    private readonly ByteBuffer _frame = new();
    private readonly List<(long TimeNs, long Offset)> _blocks = [];
    private BrotliEncoder _brotli;
    private int _inBlock;
    private long _blockBytes;
    private bool _failed;

    private RecordingWriter(FileStream stream) => _stream = stream;

    /// <summary>Bytes written so far.</summary>
    public long Length { get; private set; }

    /// <summary>Samples written so far.</summary>
    public int Samples { get; private set; }

    /// <summary>Makes a new recording; what the file held is gone. Throws <see cref="IOException"/> or <see cref="UnauthorizedAccessException"/>.</summary>
    /// <param name="path">The file.</param>
    /// <param name="meta">What is recorded.</param>
    public static RecordingWriter Create(string path, RecordingMeta meta)
    {
        // Without a buffer of our own, every frame is one write(2).
        FileStream stream = new(path, FileMode.Create, FileAccess.Write, FileShare.Read, bufferSize: 0);
        RecordingWriter writer = new(stream);
        stream.Write(RecordingFormat.Magic);
        writer.Length = RecordingFormat.Magic.Length;
        writer.Frame(FrameKind.Meta, meta.StartNs, meta.ToJson());
        return writer;
    }

    /// <summary>Gives a file of the sample. A file that is not there is not given.</summary>
    public void File(string path, Errno errno, ReadOnlySpan<byte> bytes) => _encoder.File(path, errno, bytes);

    /// <summary>The same of a file that is given again and again: the state is kept by the caller, null at first.</summary>
    internal void File([System.Diagnostics.CodeAnalysis.NotNull] ref FileState? state, string path, Errno errno, ReadOnlySpan<byte> bytes) => _encoder.File(ref state, path, errno, bytes);

    /// <summary>A file that was not read again: it is in the sample as it was in the one before.</summary>
    internal void Same(FileState? state) => _encoder.Same(state);

    /// <summary>True when the next sample begins a block, which holds every file: whoever wants to read only what changed must read all now.</summary>
    public bool BlockIsDue => _inBlock == 0 || _inBlock >= SamplesPerBlock || _blockBytes >= BlockBytes;

    /// <summary>Must be called before the files of a sample are given.</summary>
    public void BeginSample()
    {
        if (!BlockIsDue)
        {
            return;
        }
        _brotli.Dispose();
        _brotli = new BrotliEncoder(Quality, Window);
        _encoder.BeginBlock();
        _inBlock = 0;
        _blockBytes = 0;
    }

    /// <summary>Writes the sample.</summary>
    /// <param name="timeNs">Its time: nanoseconds since 1970, or of the run on a model.</param>
    public void EndSample(long timeNs)
    {
        byte kind = _inBlock == 0 ? FrameKind.Block : FrameKind.Sample;
        long offset = Length;
        Begin(kind, timeNs);
        Compress(_encoder.EndSample());
        End();
        if (kind == FrameKind.Block)
        {
            _blocks.Add((timeNs, offset));
        }
        _blockBytes += Length - offset;
        _inBlock++;
        Samples++;
    }

    /// <summary>Writes a kernel log line.</summary>
    public void Event(long timeNs, int level, string text)
    {
        string line = string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{level};{text}");
        Frame(FrameKind.Event, timeNs, Encoding.UTF8.GetBytes(line));
    }

    /// <summary>Writes the result of a run, as JSON.</summary>
    public void Result(long timeNs, ReadOnlySpan<byte> json)
    {
        byte[] compressed = new byte[BrotliEncoder.GetMaxCompressedLength(json.Length)];
        _ = BrotliEncoder.TryCompress(json, compressed, out int length, Quality, Window);
        Frame(FrameKind.Result, timeNs, compressed.AsSpan(0, length));
    }

    /// <summary>Writes the index and closes the file.</summary>
    public void Dispose()
    {
        if (!_failed && _stream.CanWrite && Samples > 0)
        {
            WriteIndex();
        }
        _brotli.Dispose();
        _stream.Dispose();
    }

    private void WriteIndex()
    {
        ByteBuffer index = new();
        long time = 0;
        long offset = 0;
        foreach ((long blockTime, long blockOffset) in _blocks)
        {
            index.Varint((ulong)(blockTime - time));
            index.Varint((ulong)(blockOffset - offset));
            (time, offset) = (blockTime, blockOffset);
        }
        long at = Length;
        try
        {
            Frame(FrameKind.Index, time, index.Span);
            Span<byte> tail = stackalloc byte[RecordingFormat.TailBytes];
            BinaryPrimitives.WriteInt64LittleEndian(tail, at);
            RecordingFormat.IndexMark.CopyTo(tail[8..]);
            _stream.Write(tail);
        }
        catch (Exception failure) when (failure is IOException or ArgumentOutOfRangeException)
        {
            // A full disk: the samples are there, and without an index they are found one by one.
        }
    }

    private void Frame(byte kind, long timeNs, ReadOnlySpan<byte> payload)
    {
        Begin(kind, timeNs);
        _frame.Bytes(payload);
        End();
    }

    private void Begin(byte kind, long timeNs)
    {
        _frame.Clear();
        Span<byte> header = _frame.Room(RecordingFormat.HeaderBytes);
        header[4] = kind;
        BinaryPrimitives.WriteInt64LittleEndian(header[5..], timeNs);
        _frame.Commit(RecordingFormat.HeaderBytes);
    }

    private void End()
    {
        Span<byte> all = _frame.Room(RecordingFormat.TrailerBytes);
        _frame.Commit(RecordingFormat.TrailerBytes);
        _frame.Patch(0, _frame.Length - RecordingFormat.HeaderBytes - RecordingFormat.TrailerBytes);
        int body = _frame.Length - RecordingFormat.TrailerBytes;
        BinaryPrimitives.WriteUInt32LittleEndian(all, RecordingFormat.Crc(_frame.Span[..body]));
        try
        {
            _stream.Write(_frame.Span);
        }
        catch (ArgumentOutOfRangeException tooLarge)
        {
            _failed = true;
            throw new IOException(tooLarge.Message, (int)Errno.EFBIG); // the limit of file size (ulimit -f), in .NET's words
        }
        catch
        {
            _failed = true; // half a frame may be there: nothing may follow it
            throw;
        }
        Length += _frame.Length;
    }

    private void Compress(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            _ = _brotli.Compress(bytes, _frame.Room(1 << 16), out int consumed, out int written, isFinalBlock: false);
            _frame.Commit(written);
            bytes = bytes[consumed..];
        }
        System.Buffers.OperationStatus status;
        do
        {
            status = _brotli.Flush(_frame.Room(1 << 16), out int written);
            _frame.Commit(written);
        }
        while (status == System.Buffers.OperationStatus.DestinationTooSmall);
    }
}
