using System.Diagnostics;
using Ullage.Abi;
using Ullage.Observe.Fields;
using Ullage.Observe.Host;

namespace Ullage.Observe.Sampling;

/// <summary>What a <see cref="TreeSampler"/> reads.</summary>
public sealed record SampleSelection
{
    /// <summary>The hierarchy path of the topmost cgroup that is wanted; its ancestors come along, since their limits bind, too.</summary>
    public string Path { get; init; } = "/";
    /// <summary>How many levels below it; null = all, 0 = only it.</summary>
    public int? Depth { get; init; }
    /// <summary>The cgroups' fields; null = all. Files that none of them needs are not opened.</summary>
    public IReadOnlySet<Field>? Fields { get; init; }
    /// <summary>The machine's fields; null = all.</summary>
    public IReadOnlySet<Field>? HostFields { get; init; }
}

/// <summary>
/// Reads the memory cgroups of a kernel, and the machine, again and again. On a host all descriptors are kept (each costs the kernel about 4.5 KiB) and all reads go
/// through one buffer, so that a sample allocates nothing once the set of cgroups stays the same; any other kernel is read by path. Not thread-safe.
/// </summary>
public sealed class TreeSampler : IDisposable
{
    private readonly IKernelFiles _files;
    private readonly CgroupMount? _mount;
    private readonly SampleSelection _selection;
    private readonly FilePlan[] _plans;
    private readonly WantedFile[] _wanted;
    private readonly HostReader _host;
    private readonly UnifiedPressure _pressure;
    private readonly ReadBuffer _buffer = new();
    private readonly Absence[] _template;
    private readonly List<string> _names = [];
    private readonly DescriptorBudget _budget = new();
    private readonly string[] _way;
    private CgroupNode? _root;
    private ulong _born;

    /// <summary>Prepares; nothing is opened before the first sample.</summary>
    /// <param name="files">The kernel.</param>
    /// <param name="mounts">Where its cgroups are; without a memory controller only the machine is sampled.</param>
    /// <param name="selection">What to read; null = everything.</param>
    public TreeSampler(IKernelFiles files, CgroupMounts mounts, SampleSelection? selection = null)
    {
        _files = files;
        _mount = mounts.Memory;
        _selection = selection ?? new SampleSelection();
        int version = _mount?.Version ?? 2;
        _plans = FilePlan.For(CgroupFields.List, version, _selection.Fields);
        _wanted = [.. _plans.Select(plan => plan.File)];
        _host = new HostReader(files, FilePlan.For(HostFields.List, version, _selection.HostFields));
        _pressure = new UnifiedPressure(files, mounts, _selection.Fields);
        _template = [.. CgroupFields.List.All.Select(field => field.SourceOf(version) is null ? Absence.NotThisVersion : Absence.NotRead)];
        _way = WayTo(_mount, _selection.Path);
    }

    /// <summary>Monotonic nanoseconds of this machine.</summary>
    public static long ClockNs => (long)(Stopwatch.GetTimestamp() * (1e9 / Stopwatch.Frequency));

    /// <summary>Fills a sample with what is there now.</summary>
    public void Read(Sample sample, long timeNs, DateTimeOffset at)
    {
        sample.Begin(_mount?.Version ?? 0, timeNs, at);
        _host.Read(sample, _buffer);
        if (_mount is null)
        {
            return;
        }
        _root ??= OpenRoot();
        if (_root is not null && !ReadTree(_root, sample, -1))
        {
            _root.Dispose();
            _root = null;
        }
    }

    /// <summary>Closes all descriptors.</summary>
    public void Dispose()
    {
        _root?.Dispose();
        _root = null;
        _host.Dispose();
        _buffer.Return();
    }

    private CgroupNode? OpenRoot()
    {
        string directory = _mount!.MountPoint;
        CgroupDirectory? opened = _files is HostFiles host ? HostDirectory.Open(host, directory, _wanted, _budget, out _)
            : _files.List(directory).Ok ? new PathDirectory(_files, directory, _wanted) : null;
        if (opened is null)
        {
            return null;
        }
        string path = _mount.Root.Length > 1 ? _mount.Root.TrimEnd('/') : "/";
        return new CgroupNode(opened, new CgroupEntry(opened.Id ?? MadeId(path), path, directory, null, chargesParent: false), _pressure.Of(path, _budget));
    }

    /// <summary>Reads a cgroup and those below. False when it is gone.</summary>
    private bool ReadTree(CgroupNode node, Sample sample, int parent)
    {
        int row = sample.Add(node.Entry, parent);
        if (!ReadRow(node, sample, row))
        {
            sample.RemoveLast();
            return false;
        }
        if (!WantsChildren(node.Entry))
        {
            return true;
        }
        if (node.Unsettled || node.Directory.ChildrenMayHaveChanged())
        {
            Settle(node);
        }
        for (int i = 0; i < node.Children.Count; i++)
        {
            if (!ReadTree(node.Children[i], sample, row))
            {
                node.Children[i].Dispose();
                node.Children.RemoveAt(i--);
                node.Unsettled = true; // another may have come in its place
            }
        }
        return true;
    }

    private bool ReadRow(CgroupNode node, Sample sample, int row)
    {
        Span<long> values = sample.ValuesOf(row);
        Span<Absence> absences = sample.AbsencesOf(row);
        _template.CopyTo(absences);
        bool sure = false;
        for (int i = 0; i < _plans.Length; i++)
        {
            Errno errno = node.Directory.Read(i, _buffer, out ReadOnlySpan<byte> bytes);
            if (errno is Errno.ENODEV || (errno == Errno.ENOENT && !node.KnownToLack(i)))
            {
                if (!sure && !node.Directory.IsThere())
                {
                    return false;
                }
                node.Lacks(i);
                sure = true;
            }
            _plans[i].Put(errno, bytes, values, absences);
        }
        if (node.Pressure is PressureOfGroup pressure && pressure.Read(_buffer, out ReadOnlySpan<byte> text) == Errno.None)
        {
            _pressure.Plan!.Put(Errno.None, text, values, absences);
        }
        Complete(values, absences);
        return true;
    }

    /// <summary>v2 before 5.18 gives kernel memory only by its parts; those it lacks count nothing there either.</summary>
    private static void Complete(Span<long> values, Span<Absence> absences)
    {
        if (absences[CgroupFields.Kernel.Index] != Absence.NotInFile || absences[CgroupFields.Slab.Index] != Absence.Present)
        {
            return;
        }
        long sum = values[CgroupFields.Slab.Index];
        foreach (Field part in KernelParts)
        {
            sum += absences[part.Index] == Absence.Present ? values[part.Index] : 0;
        }
        values[CgroupFields.Kernel.Index] = sum;
        absences[CgroupFields.Kernel.Index] = Absence.Present;
    }

    private static readonly Field[] KernelParts = [CgroupFields.KernelStack, CgroupFields.Pagetables, CgroupFields.Percpu];

    private bool WantsChildren(CgroupEntry entry) =>
        entry.Depth < _way.Length || _selection.Depth is not int depth || entry.Depth - _way.Length < depth;

    /// <summary>Opens the cgroups that came, closes those that went.</summary>
    private void Settle(CgroupNode node)
    {
        _names.Clear();
        if (node.Directory.Children(_names, _buffer) != Errno.None)
        {
            return;
        }
        node.Unsettled = false;
        if (node.Entry.Depth < _way.Length)
        {
            string only = _way[node.Entry.Depth];
            bool there = _names.Contains(only);
            _names.Clear();
            if (there)
            {
                _names.Add(only);
            }
        }
        _names.Sort(StringComparer.Ordinal);
        node.RemoveMissing(_names);
        foreach (string name in _names)
        {
            if (node.Has(name))
            {
                continue;
            }
            if (node.Directory.Open(name, out Errno errno) is CgroupDirectory opened)
            {
                CgroupEntry entry = EntryOf(node, name, opened);
                node.Add(new CgroupNode(opened, entry, _pressure.Of(entry.Path, _budget)));
            }
            else if (errno is Errno.EMFILE or Errno.ENFILE)
            {
                node.Unsettled = true;
            }
        }
    }

    private CgroupEntry EntryOf(CgroupNode parent, string name, CgroupDirectory opened)
    {
        string path = parent.Entry.Path.TrimEnd('/') + "/" + name;
        string directory = parent.Entry.Directory.TrimEnd('/') + "/" + name;
        // A v1 parent without use_hierarchy is not charged for its children (spec §1.1); kernels from 5.11 on always have it.
        bool charges = _mount!.Version == 2 || _files.Read(parent.Entry.Directory.TrimEnd('/') + "/memory.use_hierarchy") is not { Ok: true } read
            || read.Text.Trim() != "0";
        return new CgroupEntry(opened.Id ?? MadeId(path), path, directory, parent.Entry, charges);
    }

    /// <summary>Where directories have no number of their own: the path and how many were seen to come before.</summary>
    private ulong MadeId(string path)
    {
        ulong hash = 14695981039346656037;
        foreach (char c in path)
        {
            hash = (hash ^ c) * 1099511628211;
        }
        return hash + (_born++ << 40);
    }

    private static string[] WayTo(CgroupMount? mount, string path)
    {
        string below = mount?.DirectoryOf(path) is string directory ? directory[mount.MountPoint.TrimEnd('/').Length..] : "";
        return below.Split('/', StringSplitOptions.RemoveEmptyEntries);
    }
}
