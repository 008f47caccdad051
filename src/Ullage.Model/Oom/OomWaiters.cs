using Ullage.Abi;
using Ullage.Model.Charging;
using Ullage.Model.Kernfs;

namespace Ullage.Model.Oom;

/// <summary>The lock of a memcg OOM, the under_oom mark, and tasks that wait because killing is switched off (§2.7).</summary>
[Kernel("memcg_oom_waitq", "mm/memcontrol.c")]
internal sealed class OomWaiters(Machine machine)
{
    private readonly List<(TaskStruct Task, MemCgroup Memcg, bool Locked)> _waiting = [];

    /// <summary>Some task waits.</summary>
    public bool Any => _waiting.Count > 0;

    /// <summary>Locks a whole subtree; false when part of it is locked already.</summary>
    [Kernel("mem_cgroup_oom_trylock", "mm/memcontrol.c")]
    public bool TryLock(MemCgroup root)
    {
        if (AnyLocked(root))
        {
            return false;
        }
        SetLocked(root, true);
        Tell(root);
        return true;
    }

    /// <summary>Whoever takes the lock tells the listeners of the subtree.</summary>
    [Kernel("mem_cgroup_oom_notify", "mm/memcontrol-v1.c")]
    private static void Tell(MemCgroup memcg)
    {
        foreach (EventFd listener in memcg.Listeners?.Oom ?? [])
        {
            listener.Signal();
        }
        foreach (MemCgroup child in memcg.Children)
        {
            if (child.HierarchyParent is not null)
            {
                Tell(child);
            }
        }
    }

    [Kernel("mem_cgroup_oom_unlock", "mm/memcontrol.c")]
    public void Unlock(MemCgroup root) => SetLocked(root, false);

    private static bool AnyLocked(MemCgroup memcg)
    {
        bool locked = memcg.OomLocked;
        foreach (MemCgroup child in memcg.Children)
        {
            locked |= child.HierarchyParent is not null && AnyLocked(child);
        }
        return locked;
    }

    private static void SetLocked(MemCgroup memcg, bool locked)
    {
        memcg.OomLocked = locked;
        foreach (MemCgroup child in memcg.Children)
        {
            if (child.HierarchyParent is not null)
            {
                SetLocked(child, locked);
            }
        }
    }

    [Kernel("mem_cgroup_mark_under_oom", "mm/memcontrol.c")]
    private static void Mark(MemCgroup memcg, int change)
    {
        memcg.UnderOom += change;
        foreach (MemCgroup child in memcg.Children)
        {
            if (child.HierarchyParent is not null)
            {
                Mark(child, change);
            }
        }
    }

    /// <summary>Puts a task to sleep until there is room, killing is allowed again, or it is killed.</summary>
    public void Wait(TaskStruct task, MemCgroup memcg)
    {
        Mark(memcg, 1);
        _waiting.Add((task, memcg, TryLock(memcg)));
        task.State = TaskState.WaitingForOom;
    }

    /// <summary>Wakes the tasks that wait above or below <paramref name="memcg"/>.</summary>
    [Kernel("memcg_oom_recover", "mm/memcontrol.c")]
    public void Recover(MemCgroup memcg)
    {
        if (memcg.UnderOom == 0)
        {
            return;
        }
        for (int i = 0; i < _waiting.Count;)
        {
            (TaskStruct task, MemCgroup waitsFor, _) = _waiting[i];
            if (memcg.IsDescendantOf(waitsFor) || waitsFor.IsDescendantOf(memcg))
            {
                End(i);
                machine.Scheduler.Wake(task);
            }
            else
            {
                i++;
            }
        }
    }

    public void Forget(TaskStruct task)
    {
        int at = _waiting.FindIndex(waiting => waiting.Task == task);
        if (at >= 0)
        {
            End(at);
        }
    }

    private void End(int index)
    {
        (_, MemCgroup memcg, bool locked) = _waiting[index];
        _waiting.RemoveAt(index);
        Mark(memcg, -1);
        if (locked)
        {
            Unlock(memcg);
        }
    }
}
