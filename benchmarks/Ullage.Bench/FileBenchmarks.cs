using BenchmarkDotNet.Attributes;
using Ullage.Model;
using Ullage.Model.Eras;
using Ullage.Model.Files;

namespace Ullage.Bench;

/// <summary>read(2) of file pages: hits, and misses that each reclaim a page because the cgroup is full. The disk takes no time.</summary>
[MemoryDiagnoser]
public class FileBenchmarks
{
    private const int Pages = 1 << 16;
    private const int PageSize = 4096;

    private Machine _machine = null!;
    private TaskStruct _task = null!;
    private FileHandle _cached = null!;
    private FileHandle _streamed = null!;

    /// <summary>The era.</summary>
    [Params("4.15", "6.12")]
    public string Era { get; set; } = "6.12";

    /// <summary>Boots a machine with a task in <c>/free</c> that has read a file, and brings another to the limit of <c>/full</c>.</summary>
    [GlobalSetup]
    public void Setup()
    {
        _machine = Machine.Boot(new MachineOptions
        {
            Era = KernelEras.Find(Era)!, CgroupVersion = 1, Disk = new DiskOptions { ReadLatencyNs = 0, WriteLatencyNs = 0, BytesPerSecond = 1L << 50 },
        });
        _machine.CreateFile("/cached", (long)Pages * PageSize);
        _machine.CreateFile("/streamed", (long)Pages * PageSize);
        _cached = _machine.OpenData("/cached").File!;
        _streamed = _machine.OpenData("/streamed").File!;
        _machine.AdviseData(_streamed, FileAdvice.Random);
        _task = _machine.Spawn(new SpawnOptions { Comm = "bench" });
        Enter("/free");
        Hit();
        Hit();
        Enter("/full");
        _machine.Hierarchy.Find("/full")!.Memcg.Memory.TrySetMax(Pages / 8);
        MissAndReclaim();
    }

    private void Enter(string path)
    {
        _machine.Hierarchy.Mkdir(path);
        _machine.Attach(_machine.Hierarchy.Find(path)!, _task.Pid, wholeProcess: true);
    }

    /// <summary>Reads every page of a file that is in memory.</summary>
    [Benchmark(Baseline = true, OperationsPerInvoke = Pages)]
    public void Hit() => ReadAll(_cached);

    /// <summary>Reads every page of a file eight times as large as the limit, one by one.</summary>
    [Benchmark(OperationsPerInvoke = Pages)]
    public void MissAndReclaim() => ReadAll(_streamed);

    private void ReadAll(FileHandle file)
    {
        for (long page = 0; page < Pages; page++)
        {
            _machine.ReadData(_task, file, page * PageSize, PageSize);
        }
    }
}
