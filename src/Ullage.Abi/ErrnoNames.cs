namespace Ullage.Abi;

/// <summary>Names and texts of error numbers: <c>ENOMEM</c>, <c>Cannot allocate memory</c>.</summary>
public static class ErrnoNames
{
    private static readonly Dictionary<Errno, string> Texts = new()
    {
        [Errno.None] = "Success",
        [Errno.EPERM] = "Operation not permitted",
        [Errno.ENOENT] = "No such file or directory",
        [Errno.ESRCH] = "No such process",
        [Errno.EINTR] = "Interrupted system call",
        [Errno.EIO] = "Input/output error",
        [Errno.ENXIO] = "No such device or address",
        [Errno.E2BIG] = "Argument list too long",
        [Errno.ENOEXEC] = "Exec format error",
        [Errno.EBADF] = "Bad file descriptor",
        [Errno.ECHILD] = "No child processes",
        [Errno.EAGAIN] = "Resource temporarily unavailable",
        [Errno.ENOMEM] = "Cannot allocate memory",
        [Errno.EACCES] = "Permission denied",
        [Errno.EFAULT] = "Bad address",
        [Errno.ENOTBLK] = "Block device required",
        [Errno.EBUSY] = "Device or resource busy",
        [Errno.EEXIST] = "File exists",
        [Errno.EXDEV] = "Invalid cross-device link",
        [Errno.ENODEV] = "No such device",
        [Errno.ENOTDIR] = "Not a directory",
        [Errno.EISDIR] = "Is a directory",
        [Errno.EINVAL] = "Invalid argument",
        [Errno.ENFILE] = "Too many open files in system",
        [Errno.EMFILE] = "Too many open files",
        [Errno.ENOTTY] = "Inappropriate ioctl for device",
        [Errno.ETXTBSY] = "Text file busy",
        [Errno.EFBIG] = "File too large",
        [Errno.ENOSPC] = "No space left on device",
        [Errno.ESPIPE] = "Illegal seek",
        [Errno.EROFS] = "Read-only file system",
        [Errno.EMLINK] = "Too many links",
        [Errno.EPIPE] = "Broken pipe",
        [Errno.EDOM] = "Numerical argument out of domain",
        [Errno.ERANGE] = "Numerical result out of range",
        [Errno.EDEADLK] = "Resource deadlock avoided",
        [Errno.ENAMETOOLONG] = "File name too long",
        [Errno.ENOLCK] = "No locks available",
        [Errno.ENOSYS] = "Function not implemented",
        [Errno.ENOTEMPTY] = "Directory not empty",
        [Errno.ELOOP] = "Too many levels of symbolic links",
        [Errno.ENODATA] = "No data available",
        [Errno.ETIME] = "Timer expired",
        [Errno.EPROTO] = "Protocol error",
        [Errno.EBADMSG] = "Bad message",
        [Errno.EOVERFLOW] = "Value too large for defined data type",
        [Errno.EOPNOTSUPP] = "Operation not supported",
        [Errno.ETIMEDOUT] = "Connection timed out",
        [Errno.ESTALE] = "Stale file handle",
        [Errno.EDQUOT] = "Disk quota exceeded",
        [Errno.ECANCELED] = "Operation canceled",
    };

    /// <summary>The name, such as <c>ENOMEM</c>; <c>none</c> for success; <c>errno 133</c> for a number without a name here.</summary>
    public static string NameOf(Errno errno) => errno switch
    {
        Errno.None => "none",
        _ => Enum.GetName(errno) ?? string.Create(CultureInfo.InvariantCulture, $"errno {(int)errno}"),
    };

    /// <summary>What strerror(3) says, such as <c>Cannot allocate memory</c>; <c>Unknown error 133</c> for a number without a name here.</summary>
    public static string TextOf(Errno errno) =>
        Texts.TryGetValue(errno, out string? text) ? text : string.Create(CultureInfo.InvariantCulture, $"Unknown error {(int)errno}");

    /// <summary>Both, as messages show it: <c>ENOMEM (Cannot allocate memory)</c>.</summary>
    public static string Describe(Errno errno) => $"{NameOf(errno)} ({TextOf(errno)})";

    /// <summary>Finds the error number of a name (<c>ENOMEM</c>, <c>none</c>) or of a strerror(3) text. Names are in capitals, as in C.</summary>
    public static bool TryParse(string text, out Errno errno)
    {
        foreach ((Errno known, string words) in Texts)
        {
            if (text == NameOf(known) || text == words)
            {
                errno = known;
                return true;
            }
        }
        errno = text == "EWOULDBLOCK" ? Errno.EAGAIN : text == "ENOTSUP" ? Errno.EOPNOTSUPP : Errno.None;
        return errno != Errno.None;
    }

    /// <summary>All named error numbers in ascending order, without success.</summary>
    public static IReadOnlyList<Errno> All { get; } = [.. Texts.Keys.Where(errno => errno != Errno.None).Order()];
}
