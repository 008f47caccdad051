using System.Runtime.InteropServices;
using Ullage.Observe.Fields;
using Ullage.Observe.Sampling;

namespace Ullage.Observe.Readings;

/// <summary>
/// The distance to the kill: for the cgroup, each ancestor that it is charged to, and the machine, limit - what cannot be reclaimed; the least is the
/// ullage, and whose it is binds. Cannot be reclaimed: usage without clean page cache, without slab that can shrink, without anonymous memory that fits into swap. So
/// kernel memory, dirty pages, tmpfs and locked memory count in full. Not considered: protection (memory.min) of other cgroups, which makes less reclaimable, and that
/// reclaim may give up early when what it frees is needed again at once.
/// </summary>
/// <param name="Bytes">The ullage; null when neither a limit nor the machine could be read.</param>
/// <param name="Binding">The bound that is met first; meaningless without <paramref name="Bytes"/>.</param>
/// <param name="RoomBytes">The least of limit - usage: what is left until reclaim begins; null when there is no limit.</param>
/// <param name="IsWhole">False when a limit on the way could not be read and might bind more tightly.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct UllageReading(long? Bytes, UllageLevel Binding, long? RoomBytes, bool IsWhole)
{
    /// <summary>The name of the bound when the machine has less left than any limit.</summary>
    public const string Machine = "machine";

    /// <summary>Computes it for a row. Allocates nothing.</summary>
    public static UllageReading Of(Sample sample, int row)
    {
        bool whole = true;
        UllageLevel? machine = MachineOf(sample);
        bool any = machine is not null;
        UllageLevel binding = machine.GetValueOrDefault();
        long room = long.MaxValue;
        for (int level = row; level >= 0; level = sample[level].ChargesParent ? sample.ParentOf(level) : -1)
        {
            for (LimitKind kind = LimitKind.Memory; kind <= LimitKind.KernelMemory; kind++)
            {
                if (LevelOf(sample, level, kind, ref whole) is not UllageLevel found)
                {
                    continue;
                }
                room = kind == LimitKind.KernelMemory ? room : Math.Min(room, found.RoomBytes);
                // The nearest of equals: whoever looks at a cgroup should be sent up the tree only when it is needed.
                if (!any || found.UllageBytes < binding.UllageBytes || (found.UllageBytes == binding.UllageBytes && binding.Row < 0))
                {
                    binding = found;
                    any = true;
                }
            }
        }
        return new UllageReading(any ? binding.UllageBytes : null, binding, room == long.MaxValue ? null : room, whole);
    }

    /// <summary>All bounds on the way, the cgroup's own first, the machine last: what <see cref="Of"/> chose from.</summary>
    public static IReadOnlyList<UllageLevel> LevelsOf(Sample sample, int row)
    {
        List<UllageLevel> levels = [];
        bool whole = true;
        for (int level = row; level >= 0; level = sample[level].ChargesParent ? sample.ParentOf(level) : -1)
        {
            for (LimitKind kind = LimitKind.Memory; kind <= LimitKind.KernelMemory; kind++)
            {
                if (LevelOf(sample, level, kind, ref whole) is UllageLevel found)
                {
                    levels.Add(found);
                }
            }
        }
        if (MachineOf(sample) is UllageLevel machine)
        {
            levels.Add(machine);
        }
        return levels;
    }

    /// <summary>The limits on the way that could not be read, with reasons for people.</summary>
    public static IReadOnlyList<string> UnreadOf(Sample sample, int row)
    {
        List<string> unread = [];
        for (int level = row; level >= 0; level = sample[level].ChargesParent ? sample.ParentOf(level) : -1)
        {
            bool whole = true;
            if (LevelOf(sample, level, LimitKind.Memory, ref whole) is null && !whole)
            {
                Field field = sample.TryGet(CgroupFields.Limit, level, out _) ? CgroupFields.Usage : CgroupFields.Limit;
                unread.Add(sample.Why(field, level));
            }
        }
        return unread;
    }

    /// <summary>Memory that is in use, as kubelet and cAdvisor define it: usage without inactive page cache. Null when either is unknown.</summary>
    public static long? WorkingSetOf(Sample sample, int row) =>
        sample.TryGet(CgroupFields.Usage, row, out long usage) && sample.TryGet(CgroupFields.InactiveFile, row, out long inactive)
            ? Math.Max(0, usage - inactive) : null;

    /// <summary>The name of a bound: the cgroup's path, or <c>machine</c>.</summary>
    public static string NameOf(Sample sample, UllageLevel level) => level.Row < 0 ? Machine : sample[level.Row].Path;

    private static UllageLevel? LevelOf(Sample sample, int row, LimitKind kind, ref bool whole)
    {
        (Field limitField, Field usageField) = FieldsOf(kind);
        if (!sample.TryGet(limitField, row, out long limit))
        {
            // The topmost group of v2 has no limit file, v1 may have no memsw files: no gap.
            bool gap = kind == LimitKind.Memory && !(sample.AbsenceOf(limitField, row) == Absence.NoFile && sample.ParentOf(row) < 0);
            whole &= !gap;
            return null;
        }
        if (limit == Sample.Unlimited)
        {
            return null;
        }
        if (!sample.TryGet(usageField, row, out long usage))
        {
            whole = false;
            return null;
        }
        if (kind == LimitKind.KernelMemory)
        {
            // Since 5.16 the limit can be set and is not kept: then it is no bound.
            return usage <= limit ? new UllageLevel(row, kind, limit, usage, 0, 0, 0, false) : null;
        }
        bool known = CleanFile(sample, row, out long file);
        long slab = Math.Max(0, sample.Value(CgroupFields.SlabReclaimable, row) ?? 0);
        long swap = kind == LimitKind.Memory ? Math.Min(SwapRoom(sample, row), Sum(sample, row, CgroupFields.InactiveAnon, CgroupFields.ActiveAnon)) : 0;
        return new UllageLevel(row, kind, limit, usage, file, slab, swap, !known);
    }

    private static (Field Limit, Field Usage) FieldsOf(LimitKind kind) => kind switch
    {
        LimitKind.MemoryAndSwap => (CgroupFields.MemswLimit, CgroupFields.MemswUsage),
        LimitKind.KernelMemory => (CgroupFields.KernelLimit, CgroupFields.Kernel),
        _ => (CgroupFields.Limit, CgroupFields.Usage),
    };

    private static bool CleanFile(Sample sample, int row, out long clean)
    {
        bool known = sample.TryGet(CgroupFields.InactiveFile, row, out _) && sample.TryGet(CgroupFields.ActiveFile, row, out _);
        clean = known
            ? Sum(sample, row, CgroupFields.InactiveFile, CgroupFields.ActiveFile) - Sum(sample, row, CgroupFields.FileDirty, CgroupFields.FileWriteback) : 0;
        clean = Math.Max(0, clean);
        return known;
    }

    /// <summary>Room in swap for what this cgroup holds: the machine's, and what the limits of v2 leave of it. None with vm.swappiness 0.</summary>
    private static long SwapRoom(Sample sample, int row)
    {
        if (!sample.TryGetHost(HostFields.SwapFree, out long room) || (sample.TryGetHost(HostFields.Swappiness, out long swappiness) && swappiness == 0))
        {
            return 0;
        }
        for (int level = row; level >= 0; level = sample.ParentOf(level))
        {
            if (sample.TryGet(CgroupFields.SwapLimit, level, out long limit) && limit != Sample.Unlimited)
            {
                room = Math.Min(room, Math.Max(0, limit - (sample.Value(CgroupFields.Swap, level) ?? 0)));
            }
        }
        return room;
    }

    private static UllageLevel? MachineOf(Sample sample)
    {
        if (!sample.TryGetHost(HostFields.MemTotal, out long total) || !sample.TryGetHost(HostFields.MemAvailable, out long available))
        {
            return null;
        }
        long anon = (sample.HostValue(HostFields.AnonPages) ?? 0) + (sample.HostValue(HostFields.Shmem) ?? 0);
        bool swaps = !sample.TryGetHost(HostFields.Swappiness, out long swappiness) || swappiness > 0;
        long swap = swaps ? Math.Min(anon, sample.HostValue(HostFields.SwapFree) ?? 0) : 0;
        return new UllageLevel(-1, LimitKind.Machine, total, total - available, 0, 0, swap, false);
    }

    private static long Sum(Sample sample, int row, Field one, Field other) =>
        Math.Max(0, sample.Value(one, row) ?? 0) + Math.Max(0, sample.Value(other, row) ?? 0);
}
