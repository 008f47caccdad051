using System.Buffers.Text;
using Ullage.Abi;
using Ullage.Recording.Format;

namespace Ullage.Recording.Reading;

/// <summary>
/// The kernel of a recording at one moment. Texts are made when they are asked for; a file that did not change between two samples gives the very same memory again,
/// so that readers can tell without comparing.
/// </summary>
public sealed class RecordedFiles : IKernelFiles, ICgroupIds, IDirectoryVersions, IFileHandles
{
    private readonly Dictionary<string, RecordedFile> _files = new(StringComparer.Ordinal);
    private readonly ByteBuffer _text = new();
    private readonly Dictionary<string, DirectoryState> _states = new(StringComparer.Ordinal);
    private Dictionary<string, List<string>>? _directories;
    private long _changes;

    internal sealed class RecordedFile(RecordedFiles files, string path, DirectoryState directory) : IFileHandle
    {
        public string Path { get; } = path;
        public DirectoryState Directory { get; } = directory;
        public bool IsCurrent { get; set; } = true;
        public Errno Errno { get; set; }
        public byte[] Skeleton { get; set; } = [];
        public long[] Numbers { get; set; } = [];
        public byte[]? Text { get; set; }
        public int Block { get; set; }

        public KernelRead Read() => Errno != Errno.None ? KernelRead.Failed(Errno) : new KernelRead(Errno.None, files.TextOf(this));
    }

    internal sealed class DirectoryState
    {
        public long Version { get; set; }
        public int Files { get; set; }
    }

    /// <summary>Grows whenever files come or go.</summary>
    public int Generation { get; private set; }

    /// <inheritdoc/>
    public KernelRead Read(string path)
    {
        if (path.Length == 0 || path[^1] == '/' || !_files.TryGetValue(path, out RecordedFile? file))
        {
            return KernelRead.Failed(Directories.ContainsKey(path.TrimEnd('/')) ? Errno.EISDIR : Errno.ENOENT);
        }
        return file.Read();
    }

    /// <inheritdoc/>
    public Errno Write(string path, string text) => Errno.EROFS;

    /// <inheritdoc/>
    public KernelList List(string path)
    {
        string directory = path.TrimEnd('/');
        return Directories.TryGetValue(directory, out List<string>? names) ? new KernelList(Errno.None, names)
            : KernelList.Failed(_files.ContainsKey(directory) ? Errno.ENOTDIR : Errno.ENOENT);
    }

    /// <inheritdoc/>
    public ulong? CgroupId(string directory) =>
        _files.TryGetValue(directory.TrimEnd('/') + "/", out RecordedFile? file) && Utf8Parser.TryParse(TextOf(file), out ulong inode, out _) ? inode : null;

    /// <inheritdoc/>
    public long? DirectoryVersion(string directory) => _states.TryGetValue(directory, out DirectoryState? state) ? state.Version : null;

    /// <inheritdoc/>
    public IFileHandle? Handle(string path) => path.Length > 0 && path[^1] != '/' ? _files.GetValueOrDefault(path) : null;

    /// <summary>The paths of all files that are there, in order.</summary>
    public IReadOnlyList<string> Paths => [.. _files.Values.Where(IsThere).Select(file => file.Path).Where(path => path[^1] != '/').Order(StringComparer.Ordinal)];

    internal RecordedFile Get(string path, int block)
    {
        if (!_files.TryGetValue(path, out RecordedFile? file))
        {
            file = new RecordedFile(this, path, StateOf(DirectoryOf(path))) { Errno = Errno.ENOENT };
            file.Directory.Files++;
            _files.Add(path, file);
        }
        file.Block = block;
        return file;
    }

    /// <summary>Gives a file other contents; what is equal stays the same memory.</summary>
    internal void Set(RecordedFile file, Errno errno, byte[] skeleton, ReadOnlySpan<long> numbers)
    {
        bool wasThere = IsThere(file);
        bool same = errno == file.Errno && errno == Errno.None && numbers.SequenceEqual(file.Numbers) && skeleton.AsSpan().SequenceEqual(file.Skeleton);
        file.Errno = errno;
        if (!same)
        {
            file.Skeleton = skeleton;
            file.Numbers = numbers.ToArray();
            Touch(file);
        }
        Changed(wasThere != IsThere(file));
    }

    /// <summary>Says that numbers of a file were changed in place.</summary>
    internal void Touch(RecordedFile file)
    {
        file.Text = null;
        file.Directory.Version = ++_changes;
    }

    /// <summary>A block holds every file: those that it does not hold are gone.</summary>
    internal void KeepOnly(int block)
    {
        foreach (RecordedFile file in _files.Values.Where(file => file.Block != block).ToArray())
        {
            _ = _files.Remove(file.Path);
            file.IsCurrent = false;
            Touch(file);
            if (--file.Directory.Files == 0)
            {
                _ = _states.Remove(DirectoryOf(file.Path));
            }
            Changed(true);
        }
    }

    private static string DirectoryOf(string path) => path[..Math.Max(0, path.LastIndexOf('/'))];

    private DirectoryState StateOf(string directory)
    {
        if (!_states.TryGetValue(directory, out DirectoryState? state))
        {
            _states.Add(directory, state = new DirectoryState());
        }
        return state;
    }

    private void Changed(bool changed)
    {
        if (changed)
        {
            Generation++;
            _directories = null;
        }
    }

    private static bool IsThere(RecordedFile file) => file.Errno != Errno.ENOENT;

    private byte[] TextOf(RecordedFile file)
    {
        if (file.Text is null)
        {
            _text.Clear();
            Skeleton.Join(file.Skeleton, file.Numbers, _text);
            file.Text = _text.Span.ToArray();
        }
        return file.Text;
    }

    private Dictionary<string, List<string>> Directories => _directories ??= MakeDirectories();

    private Dictionary<string, List<string>> MakeDirectories()
    {
        Dictionary<string, List<string>> made = new(StringComparer.Ordinal) { [""] = [] };
        foreach (RecordedFile file in _files.Values.Where(IsThere).OrderBy(file => file.Path, StringComparer.Ordinal))
        {
            int slash = file.Path.LastIndexOf('/');
            List<string> names = Directory(made, file.Path[..Math.Max(0, slash)]);
            if (slash < file.Path.Length - 1)
            {
                names.Add(file.Path[(slash + 1)..]);
            }
        }
        return made;
    }

    private static List<string> Directory(Dictionary<string, List<string>> made, string path)
    {
        if (made.TryGetValue(path, out List<string>? names))
        {
            return names;
        }
        made[path] = names = [];
        int slash = path.LastIndexOf('/');
        Directory(made, path[..Math.Max(0, slash)]).Add(path[(slash + 1)..] + "/");
        return names;
    }
}
