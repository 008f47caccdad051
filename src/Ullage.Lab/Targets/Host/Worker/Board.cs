using static Ullage.Lab.Targets.Host.Worker.WorkerLayout;

namespace Ullage.Lab.Targets.Host.Worker;

/// <summary>The slots of all processes of a run, by which they see each other's pids and we see how far each is.</summary>
internal sealed class Board : IDisposable
{
    private const int Capacity = 16384;

    private readonly SharedFile _file = new("ullage-board", Capacity * SlotSize);
    private readonly Dictionary<string, int> _byName = new(StringComparer.Ordinal);
    private int _used;

    internal int Fd => _file.Fd;

    /// <summary>The slot that a name means: the first process that was given it.</summary>
    internal int SlotNamed(string name)
    {
        if (!_byName.TryGetValue(name, out int slot))
        {
            slot = NewSlot();
            _byName.Add(name, slot);
        }
        return slot;
    }

    internal int NewSlot()
    {
        if (_used == Capacity)
        {
            throw new TargetUnavailableException($"more than {Capacity} processes are not supported on the host: lower count, or raise every", 4);
        }
        return _used++;
    }

    internal static long Address(int slot) => BoardAddress + (long)slot * SlotSize;

    internal int Pid(int slot) => (int)Get(slot, SlotPid);

    internal int State(int slot) => (int)Get(slot, SlotState);

    /// <summary>The wait status that the parent got, or null while it has not waited.</summary>
    internal int? StatusSeenByParent(int slot) => Get(slot, SlotStatusValid) != 0 ? (int)Get(slot, SlotStatus) : null;

    internal void Started(int slot, int pid)
    {
        _file.Write((long)slot * SlotSize + SlotPid, pid);
        _file.Write((long)slot * SlotSize + SlotLivePid, pid);
    }

    internal void Reaped(int slot) => _file.Write((long)slot * SlotSize + SlotLivePid, 0);

    internal void OpenGate(int slot)
    {
        long at = (long)slot * SlotSize + SlotGate;
        _file.Write(at, 1);
        _file.Wake(at);
    }

    public void Dispose() => _file.Dispose();

    private long Get(int slot, int field) => _file.Read((long)slot * SlotSize + field);
}
