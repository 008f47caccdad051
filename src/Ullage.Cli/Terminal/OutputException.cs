using Ullage.Abi;

namespace Ullage.Cli.Terminal;

/// <summary>Standard output or standard error cannot be written: it is closed, its disk is full, or its reader is gone.</summary>
/// <param name="descriptor">1 or 2.</param>
/// <param name="errno">What write(2) answered.</param>
internal sealed class OutputException(int descriptor, Errno errno)
    : IOException($"cannot write to standard {(descriptor == 2 ? "error" : "output")}: {ErrnoNames.Describe(errno)}: {Remedy(errno)}", (int)errno)
{
    private static string Remedy(Errno errno) => errno switch
    {
        Errno.ENOSPC or Errno.EDQUOT => "free some space, or send it elsewhere",
        Errno.EBADF => "it is closed; open it, or send it to a file",
        _ => "send it elsewhere",
    };
}
