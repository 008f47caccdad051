using Ullage.Lab.Targets.Host.Worker;

namespace Ullage.Lab.Targets.Host;

/// <summary>
/// Removes our subtree and our directory when we no longer can: a shell in a session of its own that waits for the end of a pipe. The kernel closes our end even
/// after SIGKILL. It touches only the paths it was given.
/// </summary>
internal sealed unsafe class Janitor : IDisposable
{
    private const string Script = """
        trap '' INT TERM HUP QUIT
        IFS= read -r word && exit 0
        clean() {
          for d in "$1"/*/; do [ -d "$d" ] && clean "${d%/}"; done
          while read -r pid; do kill -9 "$pid"; done < "$1/cgroup.procs"
          rmdir "$1"
        }
        data=$1
        shift
        for top in "$@"; do
          case "$top" in */ullage-*) ;; *) continue ;; esac
          tries=0
          while [ -d "$top" ] && [ "$tries" -lt 200 ]; do
            clean "$top"
            tries=$((tries+1))
            [ -d "$top" ] && { sleep 0.05 || sleep 1; }
          done 2>/dev/null
        done
        case "$data" in */ullage-*) rm -rf -- "$data" ;; esac
        """;

    private readonly int _pid;
    private int _pipe;

    /// <param name="dataDirectory">The private directory.</param>
    /// <param name="subtrees">Where the subtree may be; it is in one of them, later.</param>
    internal Janitor(string dataDirectory, IReadOnlyList<string> subtrees)
    {
        int* ends = stackalloc int[2];
        if (Native.Pipe(ends, Native.OpenCloseOnExec) != 0)
        {
            throw new TargetUnavailableException("pipe for the janitor failed: close some files and try again", 3);
        }
        int read = SharedFile.Raise(ends[0]);
        _pipe = SharedFile.Raise(ends[1]);
        _pid = ChildProcess.Spawn("/bin/sh", ["sh", "-c", Script, "ullage-janitor", dataDirectory, .. subtrees], [(read, 0)], ownSession: true);
        _ = Native.Close(read);
        if (_pid < 0)
        {
            _ = Native.Close(_pipe);
            throw new TargetUnavailableException($"/bin/sh: {(Abi.Errno)(-_pid)}: it is needed to clean up after a kill; install a shell", 3);
        }
    }

    /// <summary>Everything is removed: the janitor may go.</summary>
    internal void Dismiss()
    {
        byte newline = (byte)'\n';
        _ = Native.Write(_pipe, &newline, 1);
    }

    /// <summary>Ends the watch. Without <see cref="Dismiss"/>, the janitor now removes what is left.</summary>
    public void Dispose()
    {
        if (_pipe >= 0)
        {
            _ = Native.Close(_pipe);
            _pipe = -1;
            _ = ChildProcess.Reap(_pid);
        }
    }
}
