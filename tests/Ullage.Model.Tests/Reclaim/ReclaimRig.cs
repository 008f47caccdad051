using Ullage.Abi;
using Ullage.Model.Cgroups;
using Ullage.Model.Charging;
using Ullage.Model.Files;
using Ullage.Model.Pages;
using Ullage.Model.Reclaim;

namespace Ullage.Model.Tests.Reclaim;

/// <summary>A machine with one cgroup and one task that reads files.</summary>
internal sealed class ReclaimRig
{
    public ReclaimRig(string era, int version = 2, long limitPages = long.MaxValue, long swapBytes = 0, long memoryBytes = 1L << 30, int cpus = 1)
    {
        Machine = Machine.Boot(new MachineOptions
        {
            Era = Workloads.Era(era), CgroupVersion = version, Cpus = cpus, SwapBytes = swapBytes, MemoryBytes = memoryBytes,
        });
        Group = Machine.Make("/g");
        Task = Machine.Spawn(new SpawnOptions { Comm = "reader" });
        Machine.Attach(Group, Task.Pid, wholeProcess: true).ShouldBe(Errno.None);
        Machine.As(Task);
        if (limitPages < long.MaxValue)
        {
            Group.Memcg.Memory.TrySetMax(limitPages).ShouldBe(Errno.None);
        }
    }

    public Machine Machine { get; }

    public Cgroup Group { get; }

    public TaskStruct Task { get; }

    public MemCgroup Memcg => Group.Memcg;

    public Lruvec Lists => Machine.Lru.LruvecOf(Memcg, 0);

    public FileHandle OpenFile(long pages, string path = "/data")
    {
        Machine.CreateFile(path, pages * 4096).ShouldBe(Errno.None);
        FileHandle file = Machine.OpenData(path).File.ShouldNotBeNull();
        Machine.AdviseData(file, FileAdvice.Random);
        return file;
    }

    public void Read(FileHandle file, long page) => Machine.ReadData(Task, file, page * 4096, 4096).ShouldBe((Errno.None, 4096L));

    /// <summary>The same by somebody else's file descriptor: one and the same reader of a page marks it accessed only once.</summary>
    public void ReadAgain(FileHandle file, long page)
    {
        FileHandle other = Machine.OpenData(file.Map.Name).File.ShouldNotBeNull();
        Read(other, page);
        Machine.CloseData(other);
    }

    /// <summary>A page of a file in the group, on a list.</summary>
    public int Page(FileHandle file, long index)
    {
        Read(file, index);
        Machine.Lru.DrainAll();
        return Machine.PageCache.Find(file.Map, index);
    }

    /// <summary>Frames on a list, the oldest first.</summary>
    public List<int> From(LruList list)
    {
        List<int> frames = [];
        for (int frame = Lists.Tail(list); frame >= 0; frame = Machine.Frames.Previous(frame))
        {
            frames.Add(frame);
        }
        return frames;
    }

    public long Count(MemcgStat item) => Memcg.Stats.Exact(item);
}
