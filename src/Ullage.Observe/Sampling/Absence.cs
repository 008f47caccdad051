using Ullage.Abi;
using Ullage.Observe.Fields;

namespace Ullage.Observe.Sampling;

/// <summary>Why a field has no value in a sample. The numbers may be stored.</summary>
public enum Absence : byte
{
    /// <summary>It has one.</summary>
    Present = 0,
    /// <summary>Nobody asked for it.</summary>
    NotRead = 1,
    /// <summary>ENOENT: this kernel, or this cgroup, does not have the file.</summary>
    NoFile = 2,
    /// <summary>EACCES or EPERM.</summary>
    NoPermission = 3,
    /// <summary>ENODEV: the cgroup, or its controller, went away.</summary>
    Removed = 4,
    /// <summary>EOPNOTSUPP: the kernel has the file and does not fill it.</summary>
    NotSupported = 5,
    /// <summary>The file has no such line.</summary>
    NotInFile = 6,
    /// <summary>The file is not in the kernel's shape at this place.</summary>
    Garbled = 7,
    /// <summary>This version of cgroups has no such figure.</summary>
    NotThisVersion = 8,
    /// <summary>EMFILE or ENFILE: out of file descriptors.</summary>
    NoDescriptors = 9,
    /// <summary>The file is empty.</summary>
    Empty = 10,
    /// <summary>Another errno.</summary>
    Failed = 11,
}

/// <summary>Reasons, as people read them.</summary>
public static class Absences
{
    /// <summary>The kind of reason that an errno is.</summary>
    public static Absence Of(Errno errno) => errno switch
    {
        Errno.None => Absence.Present,
        Errno.ENOENT => Absence.NoFile,
        Errno.EACCES or Errno.EPERM => Absence.NoPermission,
        Errno.ENODEV => Absence.Removed,
        Errno.EOPNOTSUPP => Absence.NotSupported,
        Errno.EMFILE or Errno.ENFILE => Absence.NoDescriptors,
        _ => Absence.Failed,
    };

    /// <summary>The reason with its file, and what to do.</summary>
    /// <param name="absence">The reason.</param>
    /// <param name="field">The field that has no value.</param>
    /// <param name="version">1 or 2.</param>
    /// <param name="directory">The cgroup's directory; empty for the machine's fields.</param>
    public static string Explain(Absence absence, Field field, int version, string directory)
    {
        FieldSource? source = field.SourceOf(version);
        string file = source is null ? field.Name : field.Scope == FieldScope.Host ? source.File : directory.TrimEnd('/') + "/" + source.File;
        string keys = source is null ? "" : string.Join(" or ", source.Keys);
        return absence switch
        {
            Absence.Present => "",
            Absence.NotRead => $"{file}: was not read",
            Absence.NoFile => file.EndsWith("/proc/pressure/memory", StringComparison.Ordinal) || file.StartsWith("/proc/pressure/", StringComparison.Ordinal)
                ? $"{file}: ENOENT: this kernel has no PSI (Linux 4.20 with CONFIG_PSI; boot with psi=1)"
                : $"{file}: ENOENT: this kernel or this cgroup does not have the file",
            Absence.NoPermission => $"{file}: EACCES: run as root, or as the cgroup's owner",
            Absence.Removed => $"{file}: ENODEV: the cgroup was removed, or its memory controller was switched off",
            Absence.NotSupported => $"{file}: EOPNOTSUPP: this kernel has the file and does not fill it{(file.Contains("pressure", StringComparison.Ordinal) ? " (boot with psi=1)" : "")}",
            Absence.NotInFile => $"{file} has no {keys} on this kernel",
            Absence.Garbled => $"{file}{(keys.Length > 0 ? $" ({keys})" : "")}: not what a kernel writes: is the snapshot whole?",
            Absence.NotThisVersion => field.Lacking,
            Absence.NoDescriptors => $"{file}: EMFILE: out of file descriptors: raise the limit (ulimit -n)",
            Absence.Empty => $"{file}: the file is empty",
            _ => $"{file}: could not be read",
        };
    }
}
