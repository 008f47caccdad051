using BenchmarkDotNet.Attributes;
using Ullage.Model;
using Ullage.Model.AddressSpace;
using Ullage.Model.Charging;
using Ullage.Model.Eras;
using Ullage.Model.Files;
using Ullage.Model.Pages;

namespace Ullage.Bench;

/// <summary>Page cache and anonymous memory at a cgroup's limit: reads that hit, reads that miss and reclaim a page each, faults that swap a page out.</summary>
[MemoryDiagnoser]
public class ReclaimBenchmarks
{
    private const int Pages = 1 << 16;
    private const int PageSize = 4096;
    private const int LimitPages = Pages / 16;

    private Machine _machine = null!;
    private TaskStruct _task = null!;
    private MemCgroup _memcg = null!;
    private FileHandle _large = null!;
    private FileHandle _small = null!;
    private long _again;
    private long _fresh;

    /// <summary>The era.</summary>
    [Params("5.4", "6.18")]
    public string Era { get; set; } = "6.18";

    /// <summary>Boots a machine with a process at the limit of its cgroup. The disk takes no time.</summary>
    [GlobalSetup]
    public void Setup()
    {
        _machine = Machine.Boot(new MachineOptions
        {
            Era = KernelEras.Find(Era)!, CgroupVersion = 2, Cpus = 1, SwapBytes = 1L << 30,
            Disk = new DiskOptions { ReadLatencyNs = 0, WriteLatencyNs = 0, BytesPerSecond = 1L << 50 },
        });
        _machine.Files.Write("/sys/fs/cgroup/cgroup.subtree_control", "+memory");
        _machine.Mkdir("/a");
        _machine.Files.Write("/sys/fs/cgroup/a/memory.max", $"{(long)LimitPages * PageSize}");
        _task = _machine.Spawn(new SpawnOptions { Comm = "bench" });
        _machine.Attach(_machine.Hierarchy.Find("/a")!, _task.Pid, wholeProcess: true);
        _memcg = _machine.Hierarchy.Find("/a")!.Memcg;
        _machine.CreateFile("/large", (long)Pages * PageSize);
        _machine.CreateFile("/small", (long)LimitPages / 4 * PageSize);
        _large = _machine.OpenData("/large").File!;
        _small = _machine.OpenData("/small").File!;
        _again = _machine.Mmap(_task, (long)Pages * PageSize, VmaFlags.Read | VmaFlags.Write).Address;
        _fresh = _machine.Mmap(_task, (long)Pages * PageSize, VmaFlags.Read | VmaFlags.Write).Address;
    }

    /// <summary>A loop over a file that fits.</summary>
    [Benchmark(Baseline = true, OperationsPerInvoke = Pages)]
    public void ReadHit() => Read(_small, LimitPages / 4);

    /// <summary>A loop over a file of 16 times the limit: each page is read from the disk, and another one is reclaimed for it.</summary>
    [Benchmark(OperationsPerInvoke = Pages)]
    public void ReadMissAndReclaim()
    {
        long before = _memcg.Stats.Exact(MemcgStat.PgStealDirect);
        Read(_large, Pages);
        BenchCounts.Require(_memcg.Stats.Exact(MemcgStat.PgStealDirect) - before, Pages, "pages reclaimed by reads");
    }

    private void Read(FileHandle file, int pages)
    {
        for (int i = 0; i < Pages; i++)
        {
            _machine.ReadData(_task, file, (long)(i % pages) * PageSize, PageSize);
        }
        PassTime();
    }

    /// <summary>Writes to a fresh region of 16 times the limit: for each page another one goes out to swap. Then the region is dropped.</summary>
    [Benchmark(OperationsPerInvoke = Pages)]
    public void FaultAndSwapOut()
    {
        long before = _machine.Vm[VmItem.PswpOut];
        Write(_fresh);
        BenchCounts.Require(_machine.Vm[VmItem.PswpOut] - before, Pages - LimitPages, "pages swapped out by faults");
        _machine.Madvise(_task, _fresh, (long)Pages * PageSize, Advice.DontNeed);
        PassTime();
    }

    /// <summary>Writes to a region of 16 times the limit, again and again: each page comes in from swap, and another one goes out.</summary>
    [Benchmark(OperationsPerInvoke = Pages)]
    public void FaultSwapInAndOut()
    {
        Write(_again);
        PassTime();
    }

    private void Write(long address)
    {
        for (long page = 0; page < Pages; page++)
        {
            _machine.Touch(_task, address + (page * PageSize), write: true);
        }
    }

    /// <summary>The clock goes on to where the calls came to, so that what was due meanwhile does not pile up.</summary>
    private void PassTime() => _machine.Scheduler.RunUntil(_machine.TimeNs);
}
