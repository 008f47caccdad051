using Ullage.Abi;
using Ullage.Model.Cgroups;
using Ullage.Model.Files;

namespace Ullage.Model.Tests.Files;

/// <summary>A machine with one file, and a task in a cgroup that reads it.</summary>
internal sealed class FileRig
{
    public const string Path = "/data/f";

    public FileRig(string era, long filePages, long? limitPages = null, int version = 1, long latencyNs = 0, long swapBytes = 0)
    {
        Machine = Machine.Boot(new MachineOptions
        {
            Era = Workloads.Era(era), CgroupVersion = version, Cpus = 2, MemoryBytes = 256L << 20, SwapBytes = swapBytes,
            Disk = new DiskOptions { ReadLatencyNs = latencyNs, WriteLatencyNs = latencyNs, BytesPerSecond = 1L << 50 },
        });
        Machine.CreateFile(Path, filePages * 4096).ShouldBe(Errno.None);
        Cgroup = Machine.Make("/a", limitPages);
        Task = Machine.Enter(Cgroup);
        File = Open();
    }

    public Machine Machine { get; }

    public Cgroup Cgroup { get; }

    public TaskStruct Task { get; }

    public FileHandle File { get; }

    public FileHandle Open(string path = Path, bool create = false)
    {
        (Errno errno, FileHandle? file) = Machine.OpenData(path, create);
        errno.ShouldBe(Errno.None);
        return file!;
    }

    /// <summary>Reads one page.</summary>
    public void Read(long page, FileHandle? file = null)
    {
        (Errno errno, long bytes) = Machine.ReadData(Task, file ?? File, page * 4096, 4096);
        errno.ShouldBe(Errno.None);
        bytes.ShouldBe(4096);
    }

    /// <summary>Writes one page.</summary>
    public void Write(long page, FileHandle? file = null) =>
        Machine.WriteData(Task, file ?? File, page * 4096, 4096).ShouldBe((Errno.None, 4096));

    /// <summary>Pages of the file in memory, from the first to the last that a test asks about.</summary>
    public IReadOnlyList<long> Cached(long last, FileHandle? file = null)
    {
        List<long> pages = [];
        for (long page = 0; page <= last; page++)
        {
            if (Machine.IsCached(file ?? File, page))
            {
                pages.Add(page);
            }
        }
        return pages;
    }

    /// <summary>A field of the cgroup's memory.stat.</summary>
    public long Stat(string field)
    {
        string text = Machine.Files.Read(Machine.CgroupDirectory(Cgroup) + "/memory.stat").Text;
        string line = text.Split('\n').Single(each => each.StartsWith(field + " ", StringComparison.Ordinal));
        return long.Parse(line.Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture);
    }

    /// <summary>A field of /proc/vmstat.</summary>
    public long Vmstat(string field)
    {
        string line = Machine.Files.Read("/proc/vmstat").Text.Split('\n').Single(each => each.StartsWith(field + " ", StringComparison.Ordinal));
        return long.Parse(line.Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture);
    }

    /// <summary>A field of /proc/meminfo in kB.</summary>
    public long Meminfo(string field)
    {
        string line = Machine.Files.Read("/proc/meminfo").Text.Split('\n').Single(each => each.StartsWith(field + ":", StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], System.Globalization.CultureInfo.InvariantCulture);
    }
}
