using System.Buffers;
using System.IO.Compression;
using System.Text;
using Ullage.Abi;
using Ullage.Recording.Format;

namespace Ullage.Recording.Reading;

/// <summary>Applies samples to the files of a recording, one after the other.</summary>
internal sealed class SampleDecoder(RecordedFiles files) : IDisposable
{
    private readonly SkeletonTable _skeletons = new();
    private readonly List<RecordedFiles.RecordedFile> _numbered = [];
    private readonly ByteBuffer _plain = new();
    private byte[] _lastPath = [];
    private long[] _numbers = new long[256];
    private BrotliDecoder _brotli;
    private int _block;

    public void Apply(bool beginsBlock, ReadOnlySpan<byte> payload)
    {
        if (beginsBlock)
        {
            _brotli.Dispose();
            _brotli = default;
            _skeletons.Clear();
            _numbered.Clear();
            _lastPath = [];
            _block++;
        }
        Decompress(payload);
        ByteReader reader = new(_plain.Span);
        int count = reader.Count();
        int file = -1;
        for (int i = 0; i < count; i++)
        {
            file += (int)reader.Zigzag() + 1;
            Change(ref reader, file);
        }
        if (beginsBlock)
        {
            files.KeepOnly(_block);
        }
    }

    public void Dispose() => _brotli.Dispose();

    private void Change(ref ByteReader reader, int number)
    {
        byte kind = reader.Byte();
        if (kind == ChangeKind.NewFile)
        {
            if (number != _numbered.Count)
            {
                throw new RecordingException("a new file has a number out of turn");
            }
            _numbered.Add(files.Get(Path(ref reader), _block));
            kind = reader.Byte();
        }
        if (number < 0 || number >= _numbered.Count)
        {
            throw new RecordingException("a sample changes a file that is not there");
        }
        RecordedFiles.RecordedFile file = _numbered[number];
        switch (kind)
        {
            case ChangeKind.Unreadable:
                files.Set(file, (Errno)reader.Count(), [], []);
                break;
            case ChangeKind.Numbers:
                Growth(ref reader, file);
                break;
            case ChangeKind.KnownSkeleton:
                Whole(ref reader, file, _skeletons[reader.Count()]);
                break;
            case ChangeKind.NewSkeleton:
                byte[] skeleton = reader.Bytes(reader.Count()).ToArray();
                _ = _skeletons.Add(skeleton);
                Whole(ref reader, file, skeleton);
                break;
            default:
                throw new RecordingException($"a change of kind {kind} is not known: it was made by a later version");
        }
    }

    private string Path(ref ByteReader reader)
    {
        int shared = reader.Count();
        int rest = reader.Count();
        if (shared > _lastPath.Length)
        {
            throw new RecordingException("a path shares more than there is");
        }
        _lastPath = [.. _lastPath.AsSpan(0, shared), .. reader.Bytes(rest)];
        return Encoding.UTF8.GetString(_lastPath);
    }

    private void Growth(ref ByteReader reader, RecordedFiles.RecordedFile file)
    {
        int changed = reader.Count();
        long[] numbers = file.Numbers; // its own
        int at = -1;
        for (int i = 0; i < changed; i++)
        {
            at += reader.Count() + 1;
            if (at >= numbers.Length)
            {
                throw new RecordingException("a number is changed that is not there");
            }
            numbers[at] += reader.Zigzag();
        }
        if (changed > 0)
        {
            files.Touch(file);
        }
    }

    private void Whole(ref ByteReader reader, RecordedFiles.RecordedFile file, byte[] skeleton)
    {
        Span<long> numbers = Room(Skeleton.CountNumbers(skeleton));
        for (int i = 0; i < numbers.Length; i++)
        {
            numbers[i] = reader.Zigzag();
        }
        files.Set(file, Errno.None, skeleton, numbers);
    }

    private Span<long> Room(int count)
    {
        if (_numbers.Length < count)
        {
            _numbers = new long[count * 2];
        }
        return _numbers.AsSpan(0, count);
    }

    private void Decompress(ReadOnlySpan<byte> payload)
    {
        _plain.Clear();
        bool more = true;
        while (more)
        {
            OperationStatus status = _brotli.Decompress(payload, _plain.Room(1 << 16), out int consumed, out int written);
            _plain.Commit(written);
            payload = payload[consumed..];
            if (status == OperationStatus.InvalidData || _plain.Length > RecordingFormat.MostPayloadBytes)
            {
                throw new RecordingException("a sample cannot be decompressed");
            }
            more = consumed + written > 0; // it may hold back output although it asks for more input
        }
    }
}
