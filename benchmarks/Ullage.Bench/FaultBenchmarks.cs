using BenchmarkDotNet.Attributes;
using Ullage.Model;
using Ullage.Model.AddressSpace;
using Ullage.Model.Eras;

namespace Ullage.Bench;

/// <summary>Anonymous page faults: table, frame, charge, counters, LRU batch; then the pages are given back.</summary>
[MemoryDiagnoser]
public class FaultBenchmarks
{
    private const int Pages = 1 << 16;
    private const int PageSize = 4096;

    private Machine _machine = null!;
    private TaskStruct _task = null!;
    private long _address;

    /// <summary>The era.</summary>
    [Params("4.15", "6.18")]
    public string Era { get; set; } = "6.18";

    /// <summary>Boots a machine with a process in <c>/a/b/c/d</c> and a region of 256 MiB.</summary>
    [GlobalSetup]
    public void Setup()
    {
        _machine = Machine.Boot(new MachineOptions { Era = KernelEras.Find(Era)!, CgroupVersion = 1 });
        foreach (string path in new[] { "/a", "/a/b", "/a/b/c", "/a/b/c/d" })
        {
            _machine.Hierarchy.Mkdir(path);
        }
        _task = _machine.Spawn(new SpawnOptions { Comm = "bench" });
        _machine.Attach(_machine.Hierarchy.Find("/a/b/c/d")!, _task.Pid, wholeProcess: true);
        _address = _machine.Mmap(_task, (long)Pages * PageSize, VmaFlags.Read | VmaFlags.Write).Address;
        FaultAndDrop();
    }

    /// <summary>One write to each page of a fresh region, and its share of madvise(MADV_DONTNEED).</summary>
    [Benchmark(Baseline = true, OperationsPerInvoke = Pages)]
    public void FaultAndDrop()
    {
        Fault();
        _machine.Madvise(_task, _address, (long)Pages * PageSize, Advice.DontNeed);
    }

    /// <summary>Writes to pages that are there.</summary>
    [Benchmark(OperationsPerInvoke = Pages)]
    public void Fault()
    {
        for (long page = 0; page < Pages; page++)
        {
            _machine.Touch(_task, _address + (page * PageSize), write: true);
        }
    }
}
