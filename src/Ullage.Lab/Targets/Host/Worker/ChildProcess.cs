using System.Runtime.InteropServices;

namespace Ullage.Lab.Targets.Host.Worker;

/// <summary>How a process ended.</summary>
/// <param name="ExitCode">Its exit status, when it exited.</param>
/// <param name="Signal">The signal that killed it, else 0.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct ChildEnd(int? ExitCode, int Signal)
{
    /// <summary>From the status of wait4(2).</summary>
    internal static ChildEnd OfStatus(int status) => (status & 0x7F) == 0 ? new ChildEnd((status >> 8) & 0xFF, 0) : new ChildEnd(null, status & 0x7F);
}

/// <summary>Starts and reaps children without the .NET process class, which would reap behind our back.</summary>
internal static unsafe class ChildProcess
{
    private const int PidKind = 1;

    /// <summary>Starts a program with an empty environment of its own and default signals. Answers the pid, or minus the errno.</summary>
    internal static int Spawn(string path, IReadOnlyList<string> arguments, IReadOnlyList<(int From, int To)> descriptors, bool ownSession)
    {
        byte* actions = stackalloc byte[512];
        byte* attributes = stackalloc byte[1024];
        byte* none = stackalloc byte[128];
        byte* all = stackalloc byte[128];
        new Span<byte>(none, 128).Clear();
        new Span<byte>(all, 128).Fill(0xFF);
        _ = Native.SpawnActionsInit(actions);
        _ = Native.SpawnAttributesInit(attributes);
        for (int fd = 0; fd < 3; fd++)
        {
            _ = Native.SpawnActionsOpen(actions, fd, "/dev/null", 2, 0);
        }
        foreach ((int from, int to) in descriptors)
        {
            _ = Native.SpawnActionsDup2(actions, from, to);
        }
        // A group of their own: Ctrl-C is for ullage, which then ends them in order.
        _ = Native.SpawnAttributesSetFlags(attributes, (short)(Native.SpawnSetSigDefault | Native.SpawnSetSigMask |
            (ownSession ? Native.SpawnSetSid : Native.SpawnSetProcessGroup)));
        _ = Native.SpawnAttributesSetDefaultSignals(attributes, all);
        _ = Native.SpawnAttributesSetSignalMask(attributes, none);
        int pid = 0;
        int error = Spawn(path, arguments, actions, attributes, &pid);
        _ = Native.SpawnActionsDestroy(actions);
        _ = Native.SpawnAttributesDestroy(attributes);
        return error == 0 ? pid : -error;
    }

    private static int Spawn(string path, IReadOnlyList<string> arguments, byte* actions, byte* attributes, int* pid)
    {
        byte** argv = stackalloc byte*[arguments.Count + 1];
        byte** environment = stackalloc byte*[2];
        for (int i = 0; i < arguments.Count; i++)
        {
            argv[i] = (byte*)Marshal.StringToCoTaskMemUTF8(arguments[i]);
        }
        argv[arguments.Count] = null;
        environment[0] = (byte*)Marshal.StringToCoTaskMemUTF8("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
        environment[1] = null;
        int error = Native.Spawn(pid, path, actions, attributes, argv, environment);
        for (int i = 0; i < arguments.Count; i++)
        {
            Marshal.FreeCoTaskMem((nint)argv[i]);
        }
        Marshal.FreeCoTaskMem((nint)environment[0]);
        return error;
    }

    /// <summary>Looks whether a child has ended, and leaves it a zombie so that its pid stays its own. <paramref name="isOurs"/> is false for another's child.</summary>
    internal static ChildEnd? Peek(int pid, out bool isOurs)
    {
        int* info = stackalloc int[32];
        new Span<int>(info, 32).Clear();
        isOurs = Native.WaitId(PidKind, pid, info, Native.WaitExited | Native.WaitNoHang | Native.WaitNoReap) == 0;
        const int Signo = 0, Code = 2, Status = 6, Exited = 1;
        if (!isOurs || info[Signo] == 0)
        {
            return null;
        }
        return info[Code] == Exited ? new ChildEnd(info[Status], 0) : new ChildEnd(null, info[Status]);
    }

    /// <summary>Waits for a child that is certain to end.</summary>
    internal static ChildEnd? Reap(int pid)
    {
        const int Interrupted = 4;
        int status;
        while (Native.WaitPid(pid, &status, 0) < 0)
        {
            if (Marshal.GetLastPInvokeError() != Interrupted)
            {
                return null;
            }
        }
        return ChildEnd.OfStatus(status);
    }
}

/// <summary>The worker's program as something that can be executed: an anonymous file, or a real one where anonymous ones may not be.</summary>
internal sealed unsafe class WorkerExecutable : IDisposable
{
    private readonly int _fd;

    internal WorkerExecutable(string directory)
    {
        _fd = Native.MemfdCreate("ullage-worker", Native.MemfdCloseOnExec | Native.MemfdExecutable);
        if (_fd < 0)
        {
            _fd = Native.MemfdCreate("ullage-worker", Native.MemfdCloseOnExec); // kernels before 6.3 do not know MFD_EXEC
        }
        _fd = SharedFile.Raise(_fd);
        byte[] image = WorkerImage.Bytes;
        Path = FormattableString.Invariant($"/proc/self/fd/{_fd}");
        fixed (byte* first = image)
        {
            if (_fd >= 0 && Native.Write(_fd, first, image.Length) == image.Length)
            {
                return;
            }
        }
        Fallback(directory);
    }

    internal string Path { get; private set; }

    /// <summary>Writes the program into a directory instead, for hosts that forbid executing anonymous files.</summary>
    internal void Fallback(string directory)
    {
        Path = directory + "/.worker";
        File.WriteAllBytes(Path, WorkerImage.Bytes);
        _ = Native.ChangeMode(Path, 0x1C0);
    }

    public void Dispose()
    {
        if (_fd >= 0)
        {
            _ = Native.Close(_fd);
        }
    }
}
