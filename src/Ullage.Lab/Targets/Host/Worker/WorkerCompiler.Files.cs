using System.Globalization;
using Ullage.Abi;
using Ullage.Lab.Scenarios;

namespace Ullage.Lab.Targets.Host.Worker;

/// <summary>Operations on files.</summary>
internal sealed partial class WorkerCompiler
{
    private const int CreateToWrite = 0x241; // O_WRONLY|O_CREAT|O_TRUNC

    private readonly Dictionary<string, long> _written = new(StringComparer.Ordinal);

    private void FileBody(Operation operation, ProcessScope scope, List<long>? passes, Mark end)
    {
        switch (operation)
        {
            case ReadOperation read:
                OpenFile opened = OpenToRead(read, end);
                Passes(scope, read.Pattern, opened.Pages, passes!, opened.Target, end);
                CloseFile(opened);
                break;
            case WriteOperation write:
                Write(write, end);
                break;
            case StatMissingOperation stat:
                string directory = _context.Paths.Look(stat.Directory);
                Numbered(directory, stat.Start, stat.Count, name => Stat(name, stat.UntilDone ? null : end), stat.Prefix);
                break;
            case CreateFilesOperation create:
                Numbered(_context.Paths.Data(create.Directory), 1, create.Count, name => CreateFile(name, create.Bytes, end));
                break;
            case UnlinkFilesOperation unlink:
                Numbered(_context.Paths.Data(unlink.Directory), 1, unlink.Count, name =>
                {
                    Call(87, [name], onError: end);
                    Count();
                });
                break;
            case EchoOperation echo:
                WriteFile(_context.Paths.File(echo.File), _arena.Text(echo.Value), System.Text.Encoding.UTF8.GetByteCount(echo.Value), end, flags: echo.NonBlocking ? Native.OpenNonBlock : 0);
                Count();
                break;
        }
    }

    private sealed record OpenFile(long Fd, long Mapping, long Bytes, long Pages, AccessTarget Target);

    private OpenFile OpenToRead(ReadOperation read, Mark end)
    {
        string path = _context.Paths.Look(read.File);
        long bytes = FileBytes(read.File, path);
        long fd = _arena.Variable();
        long mapping = _arena.Variable();
        Call(2, [_arena.Text(path), 0], store: fd, onError: end);
        int advice = read.Advice switch { "random" => 1, "sequential" => 2, _ => 0 };
        Call(221, [fd, 0, 0, advice], addresses: 1, ignoreErrors: true);
        if (bytes > 0)
        {
            Call(9, [Reserve(bytes), PageAlign(bytes), 1, Native.MapShared, fd, 0], addresses: 1 << 4, store: mapping, onError: end);
            Call(28, [mapping, PageAlign(bytes), advice], addresses: 1, ignoreErrors: true);
        }
        AccessTarget target = read.ViaMmap ? new AccessTarget(mapping, AccessKind.ReadByte, mapping) : new AccessTarget(fd, AccessKind.Pread, mapping);
        return new OpenFile(fd, mapping, bytes, Pages(bytes), target);
    }

    private void CloseFile(OpenFile file)
    {
        if (file.Bytes > 0)
        {
            Call(11, [file.Mapping, PageAlign(file.Bytes)], addresses: 1, ignoreErrors: true);
        }
        Call(3, [file.Fd], addresses: 1, ignoreErrors: true);
    }

    private void Write(WriteOperation write, Mark end)
    {
        long fd = OpenToWrite(write, end);
        HostStream stream = HostStream.Of(write.Pattern, Pages(write.Bytes), _context.Seed);
        long cursor = _arena.Variable();
        long numbers = stream.Pages is null ? 0 : _arena.Stream(stream.Pages);
        Emit("set", [cursor, 0]);
        Access(new AccessTarget(fd, AccessKind.Pwrite, 0), stream.PerPass * stream.PassCount, cursor, numbers, stream.Length, 0, end);
        if (write.Fsync)
        {
            Call(74, [fd], addresses: 1, onError: end);
        }
        Call(3, [fd], addresses: 1, ignoreErrors: true);
    }

    private long OpenToWrite(WriteOperation write, Mark end)
    {
        long fd = _arena.Variable();
        _written[write.File] = Math.Max(PageAlign(write.Bytes), _written.GetValueOrDefault(write.File));
        Call(2, [_arena.Text(_context.Paths.Data(write.File)), 0x42, 0x1A4], store: fd, onError: end); // O_RDWR|O_CREAT, 0644
        return fd;
    }

    /// <summary>stat(2) of a missing name; without <paramref name="end"/> a failure is noted, and the next name is tried.</summary>
    private void Stat(long name, Mark? end)
    {
        Mark next = new();
        Call(4, [name, _buffer], onError: end ?? next, fine: Errno.ENOENT);
        Count();
        _arena.Place(next);
    }

    private void CreateFile(long name, long bytes, Mark end)
    {
        long fd = _arena.Variable();
        Call(2, [name, CreateToWrite, 0x1A4], store: fd, onError: end);
        Loop(bytes / 4096, () => Call(1, [fd, _buffer, 4096], addresses: 1, onError: end));
        if (bytes % 4096 > 0)
        {
            Call(1, [fd, _buffer, bytes % 4096], addresses: 1, onError: end);
        }
        Call(3, [fd], addresses: 1, ignoreErrors: true);
        Count();
    }

    /// <summary>Does something with <c>directory/start</c>, <c>directory/start+1</c>, …. The body gets the address of the path.</summary>
    private void Numbered(string directory, long start, long count, Action<long> body, string before = "")
    {
        (long name, Action next) = NumberedName(directory, start, before);
        Loop(count, () =>
        {
            body(name);
            next();
        });
    }

    private (long Name, Action Next) NumberedName(string directory, long start, string before)
    {
        string prefix = directory.TrimEnd('/') + "/" + before;
        string first = start.ToString(CultureInfo.InvariantCulture);
        long name = _arena.Text(prefix + first, room: 24);
        long digits = name + System.Text.Encoding.UTF8.GetByteCount(prefix);
        long last = _arena.Variable(digits + first.Length - 1);
        return (name, () => Emit("next_name", [last, digits]));
    }

    /// <summary>open(2) as a redirection of the shell does, one write(2), close(2). The length may be the address of a variable.</summary>
    private void WriteFile(string path, long text, long length, Mark end, int addresses = 0, int flags = 0)
    {
        long fd = _arena.Variable();
        Call(2, [_arena.Text(path), CreateToWrite | flags, 0x1A4], store: fd, onError: end);
        Mark close = new();
        Call(1, [fd, text, length], addresses: 1 | addresses, onError: close);
        _arena.Place(close);
        Call(3, [fd], addresses: 1, ignoreErrors: true);
        Emit("check", [], onError: end);
    }

    private long FileBytes(string scenarioPath, string path)
    {
        if (_written.TryGetValue(scenarioPath, out long written))
        {
            return written;
        }
        foreach (FileSpec file in _context.Scenario.Files)
        {
            if (file.Path == scenarioPath)
            {
                return file.Bytes;
            }
        }
        FileInfo info = new(path);
        return info.Exists ? info.Length : 0;
    }
}
