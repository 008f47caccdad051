using System.Globalization;
using Ullage.Abi;
using Ullage.Model.Files;

namespace Ullage.Model.Kernfs;

/// <summary>/proc/sys/fs: counts of names and inodes. They can be read, not set.</summary>
[Kernel("proc_nr_dentry", "fs/dcache.c", Deviation = "Names and inodes that the machine had before the story begins are not counted.")]
internal sealed class FsSysctls(Machine machine)
{
    private const int AgeLimit = 45; // seconds; nothing reads it

    /// <summary>The path is in this directory, or is it.</summary>
    public static bool Has(ReadOnlySpan<string> path) => path.Length > 0 && path[0] == "fs";

    public KernelRead Read(ReadOnlySpan<string> path)
    {
        if (path.Length == 1)
        {
            return KernelRead.Failed(Errno.EISDIR);
        }
        string? text = Text(path[1]);
        return text is null ? KernelRead.Failed(Errno.ENOENT) : path.Length > 2 ? KernelRead.Failed(Errno.ENOTDIR) : KernelRead.Of(text);
    }

    /// <summary>Their modes are 0444.</summary>
    public Errno Write(ReadOnlySpan<string> path) => path.Length == 1 ? Errno.EISDIR : Text(path[1]) is null ? Errno.ENOENT : path.Length > 2 ? Errno.ENOTDIR : Errno.EACCES;

    public static KernelList List(ReadOnlySpan<string> path) => path.Length == 1
        ? new KernelList(Errno.None, ["dentry-state", "inode-nr"])
        : KernelList.Failed(path[1] is "dentry-state" or "inode-nr" ? Errno.ENOTDIR : Errno.ENOENT);

    private string? Text(string name) => name switch
    {
        "dentry-state" => DentryState(),
        "inode-nr" => string.Create(CultureInfo.InvariantCulture, $"{machine.Inodes.Live}\t{Unused(machine.Inodes.Lru)}\n"),
        _ => null,
    };

    /// <summary>Dentries, unused ones, two numbers that mean nothing any more, negative ones (5.0+; 0 before), another one.</summary>
    private string DentryState()
    {
        long negative = machine.Era.Proc.CountsNegativeDentries ? machine.Dcache.Negative : 0;
        return string.Create(CultureInfo.InvariantCulture, $"{machine.Dcache.Live}\t{Unused(machine.Dcache.Lru)}\t{AgeLimit}\t0\t{negative}\t0\n");
    }

    private static long Unused(List<ListLru> lists)
    {
        long sum = 0;
        foreach (ListLru lru in lists)
        {
            sum += lru.Total;
        }
        return sum;
    }
}
