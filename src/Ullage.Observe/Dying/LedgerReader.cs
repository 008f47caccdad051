using System.Globalization;
using Ullage.Abi;
using Ullage.Abi.Files;
using Ullage.Observe.Sampling;

namespace Ullage.Observe.Dying;

/// <summary>Walks a hierarchy once and adds up what its living groups do not account for.</summary>
internal sealed class LedgerReader(IKernelFiles files, int version, string mount)
{
    private const int Kinds = 4;

    // v1's cache includes shared memory, as v2's file does. v1 has no slab in memory.stat.
    private static readonly string[] V1Fields = ["rss", "cache", "shmem", ""];
    private static readonly string[] V2Fields = ["anon", "file", "shmem", "slab"];

    private readonly long?[] _held = new long?[Kinds];
    private long _living;

    public DyingLedger Read()
    {
        _ = Walk(mount);
        return new DyingLedger
        {
            Dying = version == 1 ? V1Count() : V2Count(),
            Living = _living,
            AnonBytes = Held(0), FileBytes = Held(1), ShmemBytes = Held(2), SlabBytes = Held(3),
            PercpuBytes = Percpu(),
        };
    }

    private Measured Held(int kind) => _held[kind] is { } bytes ? Measured.Of(Math.Max(0, bytes))
        : Measured.Missing(version == 1 && kind == 3 ? "memory.stat of cgroup v1 has no slab" : $"no {(version == 1 ? V1Fields : V2Fields)[kind]} in {mount}/**/memory.stat");

    /// <summary>One directory and those below; answers the subtree's totals by kind, null where it does not say.</summary>
    private long?[] Walk(string directory)
    {
        _living++;
        long?[] below = new long?[Kinds];
        bool hasChildren = false;
        foreach (string name in files.List(directory).Names)
        {
            if (!name.EndsWith('/'))
            {
                continue;
            }
            hasChildren = true;
            long?[] child = Walk(directory + "/" + name[..^1]);
            for (int kind = 0; kind < Kinds; kind++)
            {
                below[kind] = (below[kind] ?? 0) + (child[kind] ?? 0);
            }
        }
        KernelRead read = files.Read(directory + "/memory.stat");
        FlatKeyed? stat = read.Ok && FlatKeyed.TryParse(read.Text, out FlatKeyed? parsed, out _) ? parsed : null;
        long?[] total = new long?[Kinds];
        for (int kind = 0; kind < Kinds && stat is not null; kind++)
        {
            total[kind] = version == 1 ? ValueOf(stat, "total_" + V1Fields[kind]) : ValueOf(stat, V2Fields[kind]);
            long? own = version == 1 ? ValueOf(stat, V1Fields[kind]) : OwnOnV2(directory, hasChildren);
            if (total[kind] is { } all && own is { } mine)
            {
                _held[kind] = (_held[kind] ?? 0) + all - mine - (below[kind] ?? 0);
            }
        }
        return stat is null ? below : total;
    }

    /// <summary>v2 has no figure of its own: a group with tasks, or without children and dying ones, is taken to own all that is beyond its children.</summary>
    private long? OwnOnV2(string directory, bool hasChildren)
    {
        bool isRoot = directory == mount;
        KernelRead tasks = files.Read(directory + "/cgroup.procs");
        bool hasTasks = isRoot || !tasks.Ok || tasks.Text.Length > 0;
        return hasTasks || (!hasChildren && DyingBelow(directory) is null or 0) ? null : 0;
    }

    private static long? ValueOf(FlatKeyed stat, string field) => field.Length > 0 ? stat[field] : null;

    private Measured V1Count()
    {
        const string path = "/proc/cgroups";
        KernelRead read = files.Read(path);
        if (!read.Ok)
        {
            return Measured.Missing($"{path}: {read.Errno}");
        }
        return ProcCgroups.TryParse(read.Text, out ProcCgroups? all, out _) && all["memory"] is { } row
            ? Measured.Of(Math.Max(0, row.NumCgroups - _living))
            : Measured.Missing($"{path} has no line for memory");
    }

    private Measured V2Count() => DyingBelow(mount) is { } count ? Measured.Of(count) : Measured.Missing($"no nr_dying_descendants in {mount}/cgroup.stat (it came with 4.14)");

    private long? DyingBelow(string directory)
    {
        KernelRead read = files.Read(directory + "/cgroup.stat");
        return read.Ok && FlatKeyed.TryParse(read.Text, out FlatKeyed? stat, out _) ? stat["nr_dying_descendants"] : null;
    }

    private Measured Percpu()
    {
        const string path = "/proc/meminfo";
        KernelRead read = files.Read(path);
        return !read.Ok ? Measured.Missing($"{path}: {read.Errno}")
            : KernelFields.TryGet(path, read.Text, "Percpu", out string? text) && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long kb)
            ? Measured.Of(kb * 1024)
            : Measured.Missing($"{path} has no Percpu: it came with 4.19");
    }
}
