using Ullage.Abi;

namespace Ullage.Model.Pressure;

/// <summary>A change of a task's state at a time.</summary>
internal record struct PsiChange(long TimeNs, long Sequence, TaskStruct? Task, PsiTask State, int Cpu, PsiGroup Group);

/// <summary>Foreseen changes by time, then by the order of adding: a binary heap.</summary>
[Kernel("psi_task_change", "kernel/sched/psi.c")]
internal sealed class PsiChangeQueue
{
    private PsiChange[] _heap = new PsiChange[64];
    private int _count;
    private long _sequence;

    public long NextNs => _count == 0 ? long.MaxValue : _heap[0].TimeNs;

    public void Add(long timeNs, TaskStruct task, PsiTask state, int cpu, PsiGroup group)
    {
        if (_count == _heap.Length)
        {
            Array.Resize(ref _heap, _count * 2);
        }
        PsiChange added = new(timeNs, _sequence++, task, state, cpu, group);
        int at = _count++;
        for (; at > 0 && Before(added, _heap[(at - 1) / 2]); at = (at - 1) / 2)
        {
            _heap[at] = _heap[(at - 1) / 2];
        }
        _heap[at] = added;
    }

    public PsiChange Take()
    {
        PsiChange first = _heap[0];
        PsiChange moved = _heap[--_count];
        int at = 0;
        while (true)
        {
            int child = (2 * at) + 1;
            if (child >= _count)
            {
                break;
            }
            child += child + 1 < _count && Before(_heap[child + 1], _heap[child]) ? 1 : 0;
            if (!Before(_heap[child], moved))
            {
                break;
            }
            _heap[at] = _heap[child];
            at = child;
        }
        _heap[at] = moved;
        return first;
    }

    private static bool Before(in PsiChange a, in PsiChange b) => a.TimeNs < b.TimeNs || (a.TimeNs == b.TimeNs && a.Sequence < b.Sequence);

    /// <summary>Something comes earlier than foreseen: drops a task's changes after a time and answers its last one up to then, if any.</summary>
    public PsiChange? DropAfter(TaskStruct task, long timeNs)
    {
        PsiChange? last = null;
        for (int i = 0; i < _count; i++)
        {
            ref PsiChange change = ref _heap[i];
            if (change.Task != task)
            {
                continue;
            }
            if (change.TimeNs > timeNs)
            {
                change.Task = null;
            }
            else if (last is null || Before(last.Value, change))
            {
                last = change;
            }
        }
        return last;
    }
}
