using Ullage.Abi;

namespace Ullage.Model.Slab;

/// <summary>
/// One allocated object: its slab (index + 1; 0 = no object) and, where objects are charged by the byte, who pays
/// (number of the obj_cgroup + 1; 0 = nobody). Eight bytes, so that millions of them fit beside their owners.
/// </summary>
internal readonly record struct SlabObject(int Slab, int Owner);

/// <summary>Where a slab is.</summary>
internal enum SlabPlace : byte
{
    /// <summary>Nowhere: its entry is free.</summary>
    None,
    /// <summary>On no list, as every object is in use.</summary>
    Full,
    /// <summary>A CPU allocates from it.</summary>
    Cpu,
    /// <summary>On a CPU's partial list.</summary>
    CpuPartial,
    /// <summary>On the node's partial list.</summary>
    Partial,
}

/// <summary>All slabs of the machine, in columns; free entries are chained.</summary>
[Kernel("struct slab", "mm/slab.h", Deviation = "Objects of a slab are not told apart: only how many are in use.")]
internal sealed class SlabTable
{
    private KmemCache[] _cache = new KmemCache[64];
    private int[] _inUse = new int[64];
    private int[] _objects = new int[64];
    private int[] _next = new int[64];
    private int[] _previous = new int[64];
    private int[] _frame = new int[64];
    private byte[] _order = new byte[64];
    private SlabPlace[] _place = new SlabPlace[64];
    private int _freeHead = -1;
    private int _fresh;

    public int Add(KmemCache cache, SlabGeometry geometry, int firstFrame)
    {
        int slab = _freeHead;
        if (slab >= 0)
        {
            _freeHead = _next[slab];
        }
        else
        {
            if (_fresh == _inUse.Length)
            {
                Grow(2 * _fresh);
            }
            slab = _fresh++;
        }
        _cache[slab] = cache;
        _inUse[slab] = 0;
        _objects[slab] = geometry.Objects;
        _order[slab] = (byte)geometry.Order;
        _frame[slab] = firstFrame;
        _place[slab] = SlabPlace.Full;
        return slab;
    }

    private void Grow(int size)
    {
        Array.Resize(ref _cache, size);
        Array.Resize(ref _inUse, size);
        Array.Resize(ref _objects, size);
        Array.Resize(ref _next, size);
        Array.Resize(ref _previous, size);
        Array.Resize(ref _frame, size);
        Array.Resize(ref _order, size);
        Array.Resize(ref _place, size);
    }

    public void Remove(int slab)
    {
        _cache[slab] = null!;
        _place[slab] = SlabPlace.None;
        _next[slab] = _freeHead;
        _freeHead = slab;
    }

    public int Count => _fresh;

    public KmemCache CacheOf(int slab) => _cache[slab];

    public ref int InUse(int slab) => ref _inUse[slab];

    public int Objects(int slab) => _objects[slab];

    public int Free(int slab) => _objects[slab] - _inUse[slab];

    public ref SlabPlace Place(int slab) => ref _place[slab];

    public ref int Next(int slab) => ref _next[slab];

    public ref int Previous(int slab) => ref _previous[slab];

    public int FirstFrame(int slab) => _frame[slab];

    public int Order(int slab) => _order[slab];
}
