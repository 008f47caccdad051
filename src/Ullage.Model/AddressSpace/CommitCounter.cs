using Ullage.Abi;

namespace Ullage.Model.AddressSpace;

/// <summary>Pages that mappings may come to. Each CPU collects its changes and folds them when they reach the batch, so that a quick read may lag (§7.1).</summary>
[Kernel("struct percpu_counter", "include/linux/percpu_counter.h")]
internal sealed class CommitCounter(int cpus)
{
    private readonly long[] _pending = new long[cpus];
    private long _count;

    /// <summary>A CPU's share that is folded, in pages.</summary>
    public long Batch { get; set; } = 32;

    [Kernel("percpu_counter_add_batch", "lib/percpu_counter.c")]
    public void Add(int cpu, long pages)
    {
        long pending = _pending[cpu] + pages;
        if (Math.Abs(pending) >= Batch)
        {
            _count += pending;
            pending = 0;
        }
        _pending[cpu] = pending;
    }

    /// <summary>Folds every CPU's share.</summary>
    [Kernel("percpu_counter_sync", "lib/percpu_counter.c")]
    public void Sync()
    {
        for (int cpu = 0; cpu < _pending.Length; cpu++)
        {
            _count += _pending[cpu];
            _pending[cpu] = 0;
        }
    }

    /// <summary>Quick and approximate; not below 0.</summary>
    [Kernel("percpu_counter_read_positive", "include/linux/percpu_counter.h")]
    public long Read() => Math.Max(0, _count);

    /// <summary>Exact.</summary>
    [Kernel("percpu_counter_sum", "lib/percpu_counter.c")]
    public long Sum()
    {
        long sum = _count;
        foreach (long pending in _pending)
        {
            sum += pending;
        }
        return sum;
    }
}
