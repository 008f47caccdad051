using Ullage.Abi;
using Ullage.Model.AddressSpace;
using Ullage.Model.Cgroups;
using Ullage.Model.Charging;
using Ullage.Model.Files;

namespace Ullage.Model.Tests.Limits;

/// <summary>What tasks do.</summary>
internal sealed partial class ControlPlayer
{
    private void PlayTask(int what, int rest)
    {
        if (_tasks.Count == 0 || !Runs(Pick(_tasks, rest)))
        {
            return;
        }
        TaskStruct task = Pick(_tasks, rest);
        machine.As(task);
        switch (what)
        {
            case 12 or 13:
                Move(task, rest / 3);
                break;
            case 14:
                Map(task, 1 + (rest % 500), rest / 500);
                break;
            case 15 or 16 or 17:
                Touch(task, rest);
                break;
            case 18:
                Give(rest);
                break;
            case 19 or 20:
                UseFile(task, rest);
                break;
            case 21 or 24:
                UseSocket(task, rest);
                break;
            case 22:
                ForkCloneOrDie(task, rest);
                break;
            case 23:
                LookUp(task, rest);
                break;
            default:
                Move(task, rest / 5);
                break;
        }
    }

    private void Move(TaskStruct task, int rest)
    {
        if (machine.Hierarchy.Find(Pick(Paths, rest)) is { } cgroup)
        {
            if (!_v2 && cgroup.OwnMemcg is { } memcg && !machine.Era.Cgroups.ChargeMovingGone)
            {
                memcg.MoveChargeAtImmigrate = (ulong)(rest / 8 % 4);
            }
            Tell($"{task.Pid} moves to {cgroup}, flags {cgroup.OwnMemcg?.MoveChargeAtImmigrate}");
            Errno errno = machine.Attach(cgroup, task.Pid, wholeProcess: rest % 3 > 0);
            tally.Moves += errno == Errno.None ? 1 : 0;
        }
    }

    private void Map(TaskStruct task, int pages, int kind)
    {
        Tell($"{task.Pid} maps {pages}, kind {kind % 3}, {(kind % 7 == 0 ? "populated" : "")}");
        VmaFlags flags = VmaFlags.Read | VmaFlags.Write | (kind % 3 > 0 ? VmaFlags.Shared : VmaFlags.None);
        (Errno errno, long address) = kind % 3 < 2 || File(kind) is not { } file ? machine.Mmap(task, pages * Page, flags) : machine.MmapData(task, file, pages * Page, flags);
        if (errno == Errno.None)
        {
            _regions.Add((task, address, pages));
            if (kind % 7 == 0)
            {
                machine.Populate(task, address, pages * Page);
            }
        }
    }

    private void Touch(TaskStruct task, int rest)
    {
        Tell($"{task.Pid} of {task.Cgroup} touches all it has");
        foreach ((TaskStruct owner, long address, int pages) in _regions.Where(region => region.Task == task))
        {
            for (int page = rest % 3; page < pages; page++)
            {
                FaultOutcome outcome = machine.Touch(owner, address + (page * Page), write: rest % 4 > 0);
                if (outcome == FaultOutcome.Bus)
                {
                    break; // beyond the file's end
                }
                if (outcome is FaultOutcome.Killed or FaultOutcome.WaitForOom || !Runs(task))
                {
                    return;
                }
            }
        }
    }

    private void Give(int rest)
    {
        if (_regions.Count == 0)
        {
            return;
        }
        (TaskStruct owner, long address, int pages) = Pick(_regions, rest);
        Tell($"{owner.Pid} gives back {pages}, {(rest % 2 == 0 ? "advice" : "munmap")}");
        machine.As(owner);
        if (rest % 2 == 0)
        {
            machine.Madvise(owner, address, pages * Page, rest % 4 == 0 ? Advice.DontNeed : Advice.Free);
            return;
        }
        machine.Munmap(owner, address, pages * Page);
        _regions.RemoveAll(region => region.Address == address && region.Task == owner);
    }

    private FileHandle? File(int rest)
    {
        if (_files.Count < 4 && machine.OpenData(Pick(DataFiles, rest), create: true) is { File: { } opened })
        {
            _files.Add(opened);
        }
        return _files.Count == 0 ? null : Pick(_files, rest);
    }

    private void UseFile(TaskStruct task, int rest)
    {
        if (File(rest) is not { } file)
        {
            return;
        }
        Tell($"{task.Pid} of {task.Cgroup} uses a file {rest / 700 % 6}");
        long offset = rest % 700 * Page;
        long bytes = (1 + (rest % 300)) * Page;
        switch (rest / 700 % 6)
        {
            case 0 or 1:
                tally.FilePages += machine.WriteData(task, file, offset, bytes).Bytes / Page;
                break;
            case 2 or 3:
                tally.FilePages += machine.ReadData(task, file, offset / 4, bytes).Bytes / Page;
                break;
            case 4:
                machine.TruncateData(file, offset);
                break;
            default:
                machine.SyncData(file);
                break;
        }
    }

    private void UseSocket(TaskStruct task, int rest)
    {
        if (_sockets.Count < 6)
        {
            _sockets.Add(machine.Sockets.Open(task));
            tally.Sockets++;
        }
        SocketAccount socket = Pick(_sockets, rest);
        Tell($"socket of {socket.Memcg}");
        if (rest % 5 == 0)
        {
            machine.Sockets.Uncharge(socket, socket.Pages / 2);
            return;
        }
        machine.Sockets.TryCharge(socket, 1 + (rest % 200), mayWait: rest % 3 > 0, mustSucceed: rest % 7 == 0);
        _ = machine.Sockets.IsUnderPressure(socket);
    }

    private void ForkCloneOrDie(TaskStruct task, int rest)
    {
        Tell($"{task.Pid} {(rest % 4 == 0 ? "exits" : rest % 4 == 1 ? "clones" : "forks")}");
        if (rest % 4 == 0)
        {
            machine.ExitGroup(task.Signal, 0, 0);
        }
        else if (rest % 4 == 1)
        {
            machine.Clone(task);
        }
        else if (machine.Fork(task).Child is { } child)
        {
            _tasks.Add(child);
            _regions.AddRange([.. _regions.Where(region => region.Task == task).Select(region => (child, region.Address, region.Pages))]);
        }
    }

    private void LookUp(TaskStruct task, int rest)
    {
        Tell($"{task.Pid} of {task.Cgroup} looks up names");
        DiskDirectory directory = machine.Directory("/data/d");
        for (int i = 0; i < rest % 400 && Runs(task); i++)
        {
            machine.Stat(task, directory, rest + i);
        }
    }
}
