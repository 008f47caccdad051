using BenchmarkDotNet.Attributes;
using Ullage.Model;
using Ullage.Model.AddressSpace;
using Ullage.Model.Eras;
using Ullage.Model.Files;

namespace Ullage.Bench;

/// <summary>Page cache and anonymous memory at a cgroup's limit: reads that hit, reads that miss and reclaim a page each, faults that swap a page out.</summary>
[MemoryDiagnoser]
public class ReclaimBenchmarks
{
    private const int Pages = 1 << 15;
    private const int PageSize = 4096;
    private const int LimitPages = Pages / 2;

    private Machine _machine = null!;
    private TaskStruct _task = null!;
    private FileHandle _large = null!;
    private FileHandle _small = null!;
    private long _address;

    /// <summary>The era.</summary>
    [Params("5.4", "6.18")]
    public string Era { get; set; } = "6.18";

    /// <summary>Boots a machine with a process at the limit of its cgroup.</summary>
    [GlobalSetup]
    public void Setup()
    {
        _machine = Machine.Boot(new MachineOptions { Era = KernelEras.Find(Era)!, CgroupVersion = 2, Cpus = 1, SwapBytes = 1L << 30 });
        _machine.Files.Write("/sys/fs/cgroup/cgroup.subtree_control", "+memory");
        _machine.Mkdir("/a");
        _machine.Files.Write("/sys/fs/cgroup/a/memory.max", $"{(long)LimitPages * PageSize}");
        _task = _machine.Spawn(new SpawnOptions { Comm = "bench" });
        _machine.Attach(_machine.Hierarchy.Find("/a")!, _task.Pid, wholeProcess: true);
        _machine.CreateFile("/large", (long)Pages * PageSize);
        _machine.CreateFile("/small", (long)LimitPages / 4 * PageSize);
        _large = _machine.OpenData("/large").File!;
        _small = _machine.OpenData("/small").File!;
        _address = _machine.Mmap(_task, (long)Pages * PageSize, VmaFlags.Read | VmaFlags.Write).Address;
        ReadHit();
    }

    /// <summary>A loop over a file that fits.</summary>
    [Benchmark(Baseline = true, OperationsPerInvoke = Pages)]
    public void ReadHit() => Read(_small, LimitPages / 4);

    /// <summary>A loop over a file of twice the limit: each page is read from the disk, and another one is reclaimed for it.</summary>
    [Benchmark(OperationsPerInvoke = Pages)]
    public void ReadMissAndReclaim() => Read(_large, Pages);

    private void Read(FileHandle file, int pages)
    {
        for (int i = 0; i < Pages; i++)
        {
            _machine.ReadData(_task, file, (long)(i % pages) * PageSize, PageSize);
        }
    }

    /// <summary>Writes to a region of twice the limit, again and again: each page comes in, and another one goes out to swap.</summary>
    [Benchmark(OperationsPerInvoke = Pages)]
    public void FaultAndSwapOut()
    {
        for (long page = 0; page < Pages; page++)
        {
            _machine.Touch(_task, _address + (page * PageSize), write: true);
        }
    }
}
