namespace Ullage.Model;

/// <summary>What is due when: a binary heap ordered by time, then by the order of adding, so that every run replays.</summary>
internal sealed class EventQueue
{
    private readonly List<Entry> _heap = [];
    private long _sequence;

    private readonly record struct Entry(long DueNs, long Sequence, Action Run)
    {
        public bool Before(Entry other) => DueNs < other.DueNs || (DueNs == other.DueNs && Sequence < other.Sequence);
    }

    public int Count => _heap.Count;

    /// <summary>Time of the first entry; <see cref="long.MaxValue"/> when there is none.</summary>
    public long NextDueNs => _heap.Count == 0 ? long.MaxValue : _heap[0].DueNs;

    public void Add(long dueNs, Action run)
    {
        _heap.Add(new Entry(dueNs, _sequence++, run));
        int at = _heap.Count - 1;
        while (at > 0 && _heap[at].Before(_heap[(at - 1) / 2]))
        {
            (_heap[at], _heap[(at - 1) / 2]) = (_heap[(at - 1) / 2], _heap[at]);
            at = (at - 1) / 2;
        }
    }

    public Action Take(out long dueNs)
    {
        Entry first = _heap[0];
        int last = _heap.Count - 1;
        _heap[0] = _heap[last];
        _heap.RemoveAt(last);
        SiftDown();
        dueNs = first.DueNs;
        return first.Run;
    }

    private void SiftDown()
    {
        int at = 0;
        while (true)
        {
            int child = (2 * at) + 1;
            if (child >= _heap.Count)
            {
                return;
            }
            if (child + 1 < _heap.Count && _heap[child + 1].Before(_heap[child]))
            {
                child++;
            }
            if (!_heap[child].Before(_heap[at]))
            {
                return;
            }
            (_heap[at], _heap[child]) = (_heap[child], _heap[at]);
            at = child;
        }
    }
}
