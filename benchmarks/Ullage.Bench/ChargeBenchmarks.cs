using BenchmarkDotNet.Attributes;
using Ullage.Model;
using Ullage.Model.Cgroups;
using Ullage.Model.Charging;
using Ullage.Model.Eras;

namespace Ullage.Bench;

/// <summary>One-page charges through a four-level hierarchy, as try_charge does them: stock first, counters by the batch.</summary>
[MemoryDiagnoser]
public class ChargeBenchmarks
{
    private const int Pages = 1 << 16;

    private Machine _machine = null!;
    private MemCgroup _leaf = null!;

    /// <summary>The era.</summary>
    [Params("4.15", "6.18")]
    public string Era { get; set; } = "6.18";

    /// <summary>Boots a machine with <c>/a/b/c/d</c>.</summary>
    [GlobalSetup]
    public void Setup()
    {
        _machine = Machine.Boot(new MachineOptions { Era = KernelEras.Find(Era)!, CgroupVersion = 1 });
        foreach (string path in new[] { "/a", "/a/b", "/a/b/c", "/a/b/c/d" })
        {
            _machine.Hierarchy.Mkdir(path);
        }
        _leaf = _machine.Hierarchy.Find("/a/b/c/d")!.Memcg;
    }

    /// <summary>Charges through the stock, then gives everything back at once.</summary>
    [Benchmark(Baseline = true, OperationsPerInvoke = Pages)]
    public void TryChargeOnePage()
    {
        for (int i = 0; i < Pages; i++)
        {
            _machine.Charge.Charge(_leaf, Gfp.Kernel, 1);
        }
        _machine.Charge.Uncharge(_leaf, Pages);
    }

    /// <summary>The same without the stock: every page walks the four levels.</summary>
    [Benchmark(OperationsPerInvoke = Pages)]
    public void PageCounterTryChargeOnePage()
    {
        for (int i = 0; i < Pages; i++)
        {
            _leaf.Memory.TryCharge(1);
        }
        _leaf.Memory.Uncharge(Pages);
    }
}
