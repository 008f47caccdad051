using Ullage.Abi;
using Ullage.Model.Charging;
using Ullage.Model.Slab;

namespace Ullage.Model;

/// <summary>The slab objects of one task and, with its leader, of its process (§2.17).</summary>
[Kernel("copy_process", "kernel/fork.c", Deviation = "Timers, audit, security and delay accounting have no objects here.")]
internal sealed class TaskObjects(Machine machine)
{
    private const int SmallFdTable = 64; // NR_OPEN_DEFAULT: inside files_struct
    private const int FdtableBytes = 56;
    private const int PointerBytes = 8;

    private SlabObject _task;
    private SlabObject _cred;
    private SlabObject _files;
    private SlabObject _fdtable;
    private SlabObject _fdArray;
    private SlabObject _fdBits;
    private SlabObject _fs;
    private SlabObject _sighand;
    private SlabObject _signal;
    private SlabObject _pid;

    /// <summary>Descriptors that the table has room for; more than 64 need a table of their own.</summary>
    public int FdTableSize { get; set; } = SmallFdTable;

    private KnownCaches Known => machine.Slab.Known;

    /// <summary>The task_struct itself, before the stack.</summary>
    [Kernel("dup_task_struct", "kernel/fork.c")]
    public bool TryTask(MemCgroup memcg) => TryOne(Known.TaskStruct, memcg, ref _task);

    /// <summary>What a new process has of its own, in the order of fork. False = some are there: free them.</summary>
    public bool TryProcess(MemCgroup memcg) =>
        TryOne(Known.Cred, memcg, ref _cred) && TryOne(Known.FilesStruct, memcg, ref _files) && TryFdTable(memcg)
        && TryOne(Known.FsStruct, memcg, ref _fs) && TryOne(Known.SighandStruct, memcg, ref _sighand) && TryOne(Known.SignalStruct, memcg, ref _signal);

    /// <summary>A table for more than 64 descriptors: its head, the files, the bit maps.</summary>
    [Kernel("alloc_fdtable", "fs/file.c")]
    private bool TryFdTable(MemCgroup memcg)
    {
        if (FdTableSize <= SmallFdTable)
        {
            return true;
        }
        int bitBytes = Math.Max(64, (2 * FdTableSize / 8) + PointerBytes);
        return TryKmalloc(FdtableBytes, memcg, ref _fdtable) && TryKmalloc(FdTableSize * PointerBytes, memcg, ref _fdArray)
            && TryKmalloc(bitBytes, memcg, ref _fdBits);
    }

    [Kernel("alloc_pid", "kernel/pid.c")]
    public bool TryPid(MemCgroup memcg) => TryOne(Known.Pid, memcg, ref _pid);

    /// <summary>exec(2) replaces the credentials.</summary>
    [Kernel("prepare_exec_creds", "kernel/cred.c")]
    public bool TryNewCred(MemCgroup memcg)
    {
        SlabObject old = _cred;
        if (!TryOne(Known.Cred, memcg, ref _cred))
        {
            _cred = old;
            return false;
        }
        machine.Slab.Free(old);
        return true;
    }

    private bool TryOne(KmemCache cache, MemCgroup memcg, ref SlabObject place) => machine.Slab.TryAllocate(cache, memcg, Gfp.Kernel, out place);

    private bool TryKmalloc(int bytes, MemCgroup memcg, ref SlabObject place) =>
        machine.Slab.Caches.Kmalloc(bytes, accounted: true) is not { } cache
        || machine.Slab.TryAllocate(cache, memcg, Gfp.KernelAccount, out place);

    /// <summary>What goes when the task exits.</summary>
    [Kernel("exit_files", "fs/file.c")]
    public void FreeAtExit()
    {
        FreeOne(ref _fdBits);
        FreeOne(ref _fdArray);
        FreeOne(ref _fdtable);
        FreeOne(ref _files);
        FreeOne(ref _fs);
    }

    /// <summary>What goes when the task is reaped, and everything else that is left.</summary>
    [Kernel("release_task", "kernel/exit.c")]
    public void FreeAll()
    {
        FreeAtExit();
        FreeOne(ref _pid);
        FreeOne(ref _sighand);
        FreeOne(ref _signal);
        FreeOne(ref _cred);
        FreeOne(ref _task);
    }

    private void FreeOne(ref SlabObject place)
    {
        machine.Slab.Free(place);
        place = default;
    }
}
