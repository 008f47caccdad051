using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using Ullage.Abi;
using Ullage.Recording.Format;

namespace Ullage.Recording.Writing;

/// <summary>Turns the files of a kernel, as they are read one after the other, into samples: what changed since the sample before.</summary>
internal sealed class SampleEncoder
{
    private const int CountBytes = 5;
    private readonly Dictionary<string, FileState> _byPath = new(StringComparer.Ordinal);
    private readonly SkeletonTable _skeletons = new();
    private readonly ByteBuffer _skeleton = new();
    private readonly List<long> _numbers = [];
    private readonly ByteBuffer _body = new();
    private readonly List<FileState> _changed = []; // in the order in which they were read: skeletons get their numbers in it
    private int _sample;
    private int _next;
    private int _seen;
    private byte[] _lastPath = [];

    /// <summary>Begins a block: every file counts as new.</summary>
    public void BeginBlock()
    {
        _skeletons.Clear();
        _next = 0;
        _lastPath = [];
        foreach (FileState file in _byPath.Values)
        {
            file.Number = -1;
            file.SkeletonNumber = -1;
        }
    }

    /// <summary>Takes a file's bytes, or the reason why there are none.</summary>
    public void File(string path, Errno errno, ReadOnlySpan<byte> bytes)
    {
        FileState? unknown = null;
        File(ref unknown, path, errno, bytes);
    }

    /// <summary>The same of a file whose state the caller keeps; null before the first time. What a sample already has counts, not what comes after it.</summary>
    public void File([NotNull] ref FileState? state, string path, Errno errno, ReadOnlySpan<byte> bytes)
    {
        state = state is { Dropped: false } ? state : StateOf(path);
        if (state.Seen != _sample)
        {
            state.Seen = _sample;
            _seen++;
            Put(state, errno, bytes);
        }
    }

    /// <summary>A file that was not read again: it is as it was in the sample before. Without effect when it was not there.</summary>
    public void Same(FileState? state)
    {
        if (state is { Dropped: false })
        {
            File(ref state, state.Path, state.Errno, state.Text.AsSpan(0, state.TextLength));
        }
    }

    private FileState StateOf(string path)
    {
        if (!_byPath.TryGetValue(path, out FileState? file))
        {
            file = new FileState(path);
            _byPath.Add(path, file);
        }
        return file;
    }

    private void Put(FileState file, Errno errno, ReadOnlySpan<byte> bytes)
    {
        bool same = file.Number >= 0 && errno == file.Errno && (errno != Errno.None || bytes.SequenceEqual(file.Text.AsSpan(0, file.TextLength)));
        if (same)
        {
            return;
        }
        bool isNew = file.Number < 0;
        _changed.Add(file);
        ByteBuffer change = file.Change;
        change.Clear();
        if (isNew)
        {
            file.Number = _next++;
            WritePath(change, file.PathBytes);
        }
        if (errno != Errno.None)
        {
            change.Byte(ChangeKind.Unreadable);
            change.Varint((ulong)errno);
            file.TextLength = 0;
            file.SkeletonNumber = -1;
        }
        else
        {
            Content(file, bytes, change);
        }
        file.Errno = errno;
    }

    /// <summary>Ends a sample: files that were not read in it are gone. Answers its bytes, valid until the next.</summary>
    public ReadOnlySpan<byte> EndSample()
    {
        DropUnseen();
        _body.Clear();
        _body.Room(CountBytes);
        _body.Commit(CountBytes);
        int before = -1;
        foreach (FileState file in _changed)
        {
            _body.Zigzag(file.Number - before - 1);
            _body.Bytes(file.Change.Span);
            before = file.Number;
        }
        _body.PatchCount(0, _changed.Count);
        _changed.Clear();
        _sample++;
        _seen = 0;
        return _body.Span;
    }

    private void DropUnseen()
    {
        if (_seen == _byPath.Count)
        {
            return;
        }
        List<string> gone = [];
        foreach (FileState file in _byPath.Values)
        {
            if (file.Seen == _sample)
            {
                continue;
            }
            gone.Add(file.Path);
            file.Dropped = true;
            if (file.Number >= 0 && file.Errno != Errno.ENOENT)
            {
                file.Change.Clear();
                file.Change.Byte(ChangeKind.Unreadable);
                file.Change.Varint((ulong)Errno.ENOENT);
                _changed.Add(file);
            }
        }
        foreach (string path in gone)
        {
            // Its number stays taken until the block ends; a file that comes back under its path is new.
            _ = _byPath.Remove(path);
        }
    }

    private void WritePath(ByteBuffer change, byte[] now)
    {
        int shared = now.AsSpan().CommonPrefixLength(_lastPath);
        change.Byte(ChangeKind.NewFile);
        change.Varint((ulong)shared);
        change.Varint((ulong)(now.Length - shared));
        change.Bytes(now.AsSpan(shared));
        _lastPath = now;
    }

    private void Content(FileState file, ReadOnlySpan<byte> bytes, ByteBuffer change)
    {
        _skeleton.Clear();
        _numbers.Clear();
        Skeleton.Split(bytes, _skeleton, _numbers);
        int number = _skeletons.Find(_skeleton.Span, out bool isNew);
        ReadOnlySpan<long> now = CollectionsMarshal.AsSpan(_numbers);
        if (!isNew && number == file.SkeletonNumber)
        {
            WriteGrowth(change, file.Numbers, now);
        }
        else
        {
            WriteWhole(change, number, isNew, now);
        }
        file.SkeletonNumber = number;
        Keep(file, bytes, now);
    }

    private void WriteWhole(ByteBuffer change, int number, bool isNew, ReadOnlySpan<long> now)
    {
        change.Byte(isNew ? ChangeKind.NewSkeleton : ChangeKind.KnownSkeleton);
        if (isNew)
        {
            change.Varint((ulong)_skeleton.Length);
            change.Bytes(_skeleton.Span);
        }
        else
        {
            change.Varint((ulong)number);
        }
        foreach (long value in now)
        {
            change.Zigzag(value);
        }
    }

    private static void WriteGrowth(ByteBuffer change, ReadOnlySpan<long> before, ReadOnlySpan<long> now)
    {
        int changed = 0;
        for (int i = 0; i < now.Length; i++)
        {
            changed += now[i] != before[i] ? 1 : 0;
        }
        change.Byte(ChangeKind.Numbers);
        change.Varint((ulong)changed);
        int last = -1;
        for (int i = 0; i < now.Length; i++)
        {
            if (now[i] != before[i])
            {
                change.Varint((ulong)(i - last - 1));
                change.Zigzag(now[i] - before[i]);
                last = i;
            }
        }
    }

    private static void Keep(FileState file, ReadOnlySpan<byte> bytes, ReadOnlySpan<long> numbers)
    {
        if (file.Text.Length < bytes.Length)
        {
            file.Text = new byte[bytes.Length + (bytes.Length / 8)];
        }
        bytes.CopyTo(file.Text);
        file.TextLength = bytes.Length;
        if (file.Numbers.Length != numbers.Length)
        {
            file.Numbers = new long[numbers.Length];
        }
        numbers.CopyTo(file.Numbers);
    }
}
