using BenchmarkDotNet.Attributes;
using Ullage.Model;
using Ullage.Model.AddressSpace;
using Ullage.Model.Cgroups;
using Ullage.Model.Charging;
using Ullage.Model.Eras;
using Ullage.Model.Files;

namespace Ullage.Bench;

/// <summary>What probes cost while they count: the same work without and with every function of its path probed.</summary>
[MemoryDiagnoser]
public class TracingBenchmarks
{
    private const int Pages = 1 << 16;
    private const int PageSize = 4096;

    private Machine _machine = null!;
    private MemCgroup _leaf = null!;
    private TaskStruct _task = null!;
    private TaskStruct _reader = null!;
    private long _address;
    private FileHandle _cached = null!;
    private FileHandle _streamed = null!;

    /// <summary>Probes count.</summary>
    [Params(false, true)]
    public bool Traced { get; set; }

    /// <summary>Boots a machine with a process in <c>/a/b/c/d</c> and a region of 256 MiB.</summary>
    [GlobalSetup]
    public void Setup()
    {
        _machine = Machine.Boot(new MachineOptions
        {
            Era = KernelEras.Newest, CgroupVersion = 1, Disk = new DiskOptions { ReadLatencyNs = 0, WriteLatencyNs = 0, BytesPerSecond = 1L << 50 },
        });
        foreach (string path in new[] { "/a", "/a/b", "/a/b/c", "/a/b/c/d" })
        {
            _machine.Hierarchy.Mkdir(path);
        }
        Cgroup cgroup = _machine.Hierarchy.Find("/a/b/c/d")!;
        _leaf = cgroup.Memcg;
        _task = _machine.Spawn(new SpawnOptions { Comm = "bench" });
        _machine.Attach(cgroup, _task.Pid, wholeProcess: true);
        _address = _machine.Mmap(_task, (long)Pages * PageSize, VmaFlags.Read | VmaFlags.Write).Address;
        SetUpFiles();
        if (Traced)
        {
            foreach (string function in new[] { "page_counter_try_charge", "handle_mm_fault", "psi_memstall_enter", "try_to_free_mem_cgroup_pages" })
            {
                _machine.Probes.TryAttach(function);
            }
        }
    }

    /// <summary>A file that is in memory, and one that is eight times as large as the limit of the cgroup that reads it.</summary>
    private void SetUpFiles()
    {
        _machine.CreateFile("/cached", (long)Pages * PageSize);
        _machine.CreateFile("/streamed", (long)Pages * PageSize);
        _cached = _machine.OpenData("/cached").File!;
        _streamed = _machine.OpenData("/streamed").File!;
        _machine.AdviseData(_streamed, FileAdvice.Random);
        _reader = _machine.Spawn(new SpawnOptions { Comm = "reader" });
        ReadAll(_cached);
        _machine.Hierarchy.Mkdir("/full");
        _machine.Attach(_machine.Hierarchy.Find("/full")!, _reader.Pid, wholeProcess: true);
        _machine.Hierarchy.Find("/full")!.Memcg.Memory.TrySetMax(Pages / 8);
        ReadAll(_streamed);
    }

    private void ReadAll(FileHandle file)
    {
        for (long page = 0; page < Pages; page++)
        {
            _machine.ReadData(_reader, file, page * PageSize, PageSize);
        }
    }

    /// <summary>Reads of pages that are in memory.</summary>
    [Benchmark(OperationsPerInvoke = Pages)]
    public void ReadHit() => ReadAll(_cached);

    /// <summary>Reads of pages that are not, one by one; each reclaims a page.</summary>
    [Benchmark(OperationsPerInvoke = Pages)]
    public void ReadMissAndReclaim() => ReadAll(_streamed);

    /// <summary>One-page charges; each batch of 64 asks the counters once.</summary>
    [Benchmark(OperationsPerInvoke = Pages)]
    public void TryChargeOnePage()
    {
        for (int i = 0; i < Pages; i++)
        {
            _machine.Charge.Charge(_leaf, Gfp.Kernel, 1);
        }
        _machine.Charge.Uncharge(_leaf, Pages);
    }

    /// <summary>One write to each page of a fresh region, and its share of madvise(MADV_DONTNEED): one probed call for each.</summary>
    [Benchmark(OperationsPerInvoke = Pages)]
    public void FaultAndDrop()
    {
        for (long page = 0; page < Pages; page++)
        {
            _machine.Touch(_task, _address + (page * PageSize), write: true);
        }
        _machine.Madvise(_task, _address, (long)Pages * PageSize, Advice.DontNeed);
    }
}
