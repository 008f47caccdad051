using Ullage.Abi;

namespace Ullage.Model.Reclaim;

/// <summary>Pages that wait per CPU until there are enough of them to take the lists' lock.</summary>
[Kernel("struct folio_batch", "include/linux/folio_batch.h")]
internal sealed class PageBatch(int cpus, int size)
{
    private readonly int[] _frames = new int[cpus * size];
    private readonly int[] _counts = new int[cpus];

    /// <summary>Pages that wait, on all CPUs.</summary>
    public int Total { get; private set; }

    /// <summary>Adds a page; true = the batch is full now.</summary>
    public bool Add(int cpu, int frame)
    {
        _frames[(cpu * size) + _counts[cpu]++] = frame;
        Total++;
        return _counts[cpu] == size;
    }

    /// <summary>The pages of a CPU, in the order of adding. <see cref="Clear"/> it when they are done.</summary>
    public ReadOnlySpan<int> Of(int cpu) => _frames.AsSpan(cpu * size, _counts[cpu]);

    public void Clear(int cpu)
    {
        Total -= _counts[cpu];
        _counts[cpu] = 0;
    }

    public bool Holds(int cpu, int frame) => _counts[cpu] > 0 && Of(cpu).Contains(frame);

    /// <summary>Some CPU's batch holds the page, and with it a reference.</summary>
    public bool Holds(int frame)
    {
        for (int cpu = 0; Total > 0 && cpu < _counts.Length; cpu++)
        {
            if (Holds(cpu, frame))
            {
                return true;
            }
        }
        return false;
    }

    /// <summary>The page is freed: it waits no more.</summary>
    public void Forget(int frame)
    {
        for (int cpu = 0; Total > 0 && cpu < _counts.Length; cpu++)
        {
            Span<int> waiting = _frames.AsSpan(cpu * size, _counts[cpu]);
            int at = waiting.IndexOf(frame);
            if (at >= 0)
            {
                waiting[(at + 1)..].CopyTo(waiting[at..]);
                _counts[cpu]--;
                Total--;
            }
        }
    }
}
