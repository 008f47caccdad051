using System.Collections.Immutable;
using System.Globalization;
using Ullage.Abi;
using Ullage.Abi.Units;

namespace Ullage.Model.Kernfs;

/// <summary>
/// /proc/sys/vm. Only settings whose effect this version has exist; others are ENOENT, so that nothing is accepted in
/// silence: the rest comes with its rooms.
/// </summary>
[Kernel("proc_dointvec_minmax", "kernel/sysctl.c")]
internal sealed class SysctlFiles(Machine machine, Sysctls sysctls)
{
    // In the kernel's order: by name.
    private static readonly ImmutableArray<string> Names =
        [.. new SortedSet<string>(
            [
                .. PageSysctls.Names, "admin_reserve_kbytes", "drop_caches", "max_map_count", "overcommit_kbytes", "overcommit_memory", "overcommit_ratio",
                "page-cluster", "swappiness", "user_reserve_kbytes", "vfs_cache_pressure",
            ], StringComparer.Ordinal)];

    private readonly PageSysctls _pages = new(machine);

    public KernelRead Read(ReadOnlySpan<string> path)
    {
        if (IsDirectory(path))
        {
            return KernelRead.Failed(Errno.EISDIR);
        }
        if (Missing(path) is var errno && errno != Errno.None)
        {
            return KernelRead.Failed(errno);
        }
        return path[1] == "drop_caches" ? KernelRead.Failed(Errno.EINVAL) // mode 0200; the value shown to root is not kept
            : KernelRead.Of(ControlFile.Line(Value(path[1])));
    }

    private long Value(string name) => name switch
    {
        "admin_reserve_kbytes" => machine.Overcommit.AdminReserveKb,
        "max_map_count" => machine.Overcommit.MaxMapCount,
        "overcommit_kbytes" => machine.Overcommit.Kbytes,
        "overcommit_memory" => machine.Overcommit.Mode,
        "overcommit_ratio" => machine.Overcommit.Ratio,
        "user_reserve_kbytes" => machine.Overcommit.UserReserveKb,
        "swappiness" => sysctls.Swappiness,
        "page-cluster" => machine.Swap.Window.PageCluster,
        "vfs_cache_pressure" => machine.Dcache.CachePressure,
        _ => _pages.Value(name) ?? 0,
    };

    public Errno Write(ReadOnlySpan<string> path, string text)
    {
        if (IsDirectory(path))
        {
            return Errno.EISDIR;
        }
        if (Missing(path) is var errno && errno != Errno.None)
        {
            return errno;
        }
        if (machine.Current is { Signal.IsPrivileged: false })
        {
            return Errno.EACCES;
        }
        if (text.Length == 0)
        {
            return Errno.None;
        }
        return TryParse(text, out long value) ? Set(path[1], value) : Errno.EINVAL;
    }

    /// <summary>Leading blanks, a sign, digits with a base by prefix, then a blank or the end; what follows is ignored.</summary>
    [Kernel("proc_get_long", "kernel/sysctl.c")]
    private static bool TryParse(string text, out long value)
    {
        ReadOnlySpan<char> rest = text.AsSpan().TrimStart(" \t\n");
        bool negative = rest.StartsWith("-");
        rest = negative ? rest[1..] : rest;
        ulong number = KernelNumber.SimpleStrtoull(rest, out int consumed);
        value = negative ? -(long)number : (long)number;
        return consumed > 0 && number <= long.MaxValue && (consumed == rest.Length || rest[consumed] is ' ' or '\t' or '\n');
    }

    private Errno Set(string name, long value)
    {
        if (_pages.Value(name) is not null)
        {
            return _pages.Set(name, value);
        }
        long largest = name switch
        {
            "drop_caches" => 4,
            "overcommit_memory" => 2,
            "swappiness" => machine.Era.Cgroups.SwappinessMax,
            "page-cluster" => 31,
            "overcommit_ratio" or "max_map_count" or "vfs_cache_pressure" => int.MaxValue,
            _ => long.MaxValue,
        };
        if (value < (name == "drop_caches" ? 1 : 0) || value > largest)
        {
            return Errno.EINVAL;
        }
        Store(name, value);
        return Errno.None;
    }

    private void Store(string name, long value)
    {
        switch (name)
        {
            case "drop_caches":
                DropCaches(value);
                break;
            case "admin_reserve_kbytes":
                machine.Overcommit.AdminReserveKb = value;
                break;
            case "user_reserve_kbytes":
                machine.Overcommit.UserReserveKb = value;
                break;
            case "max_map_count":
                machine.Overcommit.MaxMapCount = (int)value;
                break;
            case "overcommit_kbytes":
                (machine.Overcommit.Kbytes, machine.Overcommit.Ratio) = (value, 0);
                break;
            case "overcommit_memory":
                machine.Overcommit.Mode = (int)value;
                break;
            case "overcommit_ratio":
                (machine.Overcommit.Kbytes, machine.Overcommit.Ratio) = (0, (int)value);
                break;
            case "page-cluster":
                machine.Swap.Window.PageCluster = (int)value;
                break;
            case "vfs_cache_pressure":
                machine.Dcache.CachePressure = value;
                break;
            default:
                sysctls.Swappiness = (int)value;
                break;
        }
    }

    /// <summary>Drops clean pages of files, dentries and inodes. It is counted and said in the log.</summary>
    [Kernel("drop_caches_sysctl_handler", "fs/drop_caches.c")]
    private void DropCaches(long value)
    {
        sysctls.DroppedPagecache += value & 1;
        sysctls.DroppedSlab += (value >> 1) & 1;
        if ((value & 1) != 0)
        {
            machine.PageCache.DropAll();
        }
        if ((value & 2) != 0)
        {
            machine.Reclaim.DropSlab();
        }
        if ((value & 4) == 0)
        {
            string who = machine.Current is { } task ? string.Create(CultureInfo.InvariantCulture, $"{task.Comm} ({task.Pid})") : "sh (1)";
            machine.Log.Write(6, string.Create(CultureInfo.InvariantCulture, $"{who}: drop_caches: {value}"));
        }
    }

    public KernelList List(ReadOnlySpan<string> path)
    {
        if (path.Length == 0)
        {
            return new KernelList(Errno.None, ["fs/", "vm/"]);
        }
        if (IsDirectory(path))
        {
            return new KernelList(Errno.None, Names.RemoveAll(name => !_pages.Has(name)));
        }
        return KernelList.Failed(Missing(path) is var errno && errno != Errno.None ? errno : Errno.ENOTDIR);
    }

    private static bool IsDirectory(ReadOnlySpan<string> path) => path.Length == 0 || (path.Length == 1 && path[0] == "vm");

    private Errno Missing(ReadOnlySpan<string> path)
    {
        if (path[0] != "vm" || !Names.Contains(path[1]) || !_pages.Has(path[1]))
        {
            return Errno.ENOENT;
        }
        return path.Length > 2 ? Errno.ENOTDIR : Errno.None;
    }
}
