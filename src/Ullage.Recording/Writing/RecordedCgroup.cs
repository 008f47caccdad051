using System.Globalization;
using System.Text;
using Ullage.Abi;
using Ullage.Observe.Sampling;

namespace Ullage.Recording.Writing;

/// <summary>What came of reading a cgroup.</summary>
internal enum Given
{
    /// <summary>It is in the sample.</summary>
    Whole,
    /// <summary>It was gone, and nothing of it is in the sample.</summary>
    Nothing,
    /// <summary>It went while it was read: a part of its files is in the sample.</summary>
    Part,
}

/// <summary>A cgroup that is recorded: its directory, held open on a host, and what the encoder knows of its files.</summary>
/// <param name="directory">Read from here; closed with this.</param>
/// <param name="directoryPath">The same, as it is called.</param>
/// <param name="path">The hierarchy path.</param>
/// <param name="names">Its files.</param>
/// <param name="pressure">Its pressure file in the unified hierarchy of a hybrid host; else null.</param>
internal sealed class RecordedCgroup(CgroupDirectory directory, string directoryPath, string path, RecordedName[] names, PressureOfGroup? pressure) : IDisposable
{
    private readonly FileState?[] _states = new FileState?[names.Length];
    private readonly bool[] _missing = new bool[names.Length];
    private readonly bool _readByPath = directory is PathDirectory;
    private FileState? _idState;
    private FileState? _pressureState;
    private byte[]? _id;
    private bool _fresh = true;

    public CgroupDirectory Directory => directory;

    public string DirectoryPath { get; } = directoryPath.TrimEnd('/');

    public string Path => path;

    public string Name { get; } = path[(path.LastIndexOf('/') + 1)..];

    /// <summary>In the order of their names.</summary>
    public List<RecordedCgroup> Children { get; set; } = [];

    /// <summary>True when the children must be looked at again.</summary>
    public bool Unsettled { get; set; } = true;

    /// <summary>The last sample in which it was read.</summary>
    public int Sample { get; set; } = -1;

    /// <summary>Reads the files that are due and gives all to the sample.</summary>
    public Given Give(RecordingWriter writer, in Pass pass, ReadBuffer buffer)
    {
        bool any = false;
        bool sure = false;
        for (int i = 0; i < names.Length; i++)
        {
            if (IsLeftOut(i, writer, pass))
            {
                continue;
            }
            Errno errno = directory.Read(i, buffer, out ReadOnlySpan<byte> bytes);
            if (errno is Errno.ENODEV or Errno.ENOENT)
            {
                if (!sure && !_missing[i] && !directory.IsThere())
                {
                    return any ? Given.Part : Given.Nothing;
                }
                sure = true;
                _missing[i] = true;
                continue;
            }
            if (!any)
            {
                GiveId(writer);
                any = true;
            }
            _missing[i] = false;
            writer.File(ref _states[i], _states[i]?.Path ?? DirectoryPath + "/" + names[i].Name, errno, bytes);
        }
        if (!any)
        {
            GiveId(writer);
        }
        GivePressure(writer, pass, buffer);
        _fresh = false;
        return Given.Whole;
    }

    public void Dispose()
    {
        foreach (RecordedCgroup child in Children)
        {
            child.Dispose();
        }
        pressure?.Dispose();
        directory.Dispose();
    }

    // What is not due stays as it was. What is missing is looked for once a block; kept descriptors have a patience of their own.
    private bool IsLeftOut(int file, RecordingWriter writer, in Pass pass)
    {
        if (!_fresh && !pass.Wants(names[file].Pace))
        {
            writer.Same(_states[file]);
            return true;
        }
        return _readByPath && _missing[file] && !pass.BeginsBlock;
    }

    private void GiveId(RecordingWriter writer)
    {
        if (directory.Id is ulong id)
        {
            _id ??= Encoding.ASCII.GetBytes(id.ToString(CultureInfo.InvariantCulture));
            writer.File(ref _idState, _idState?.Path ?? DirectoryPath + "/", Errno.None, _id);
        }
    }

    private void GivePressure(RecordingWriter writer, in Pass pass, ReadBuffer buffer)
    {
        if (pressure is null)
        {
            return;
        }
        if (!_fresh && !pass.Wants(Pace.Pressure))
        {
            writer.Same(_pressureState);
        }
        else if (pressure.Read(buffer, out ReadOnlySpan<byte> bytes) is Errno errno && errno is not (Errno.ENODEV or Errno.ENOENT))
        {
            writer.File(ref _pressureState, pressure.Path, errno, bytes);
        }
    }
}
