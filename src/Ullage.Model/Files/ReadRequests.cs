using Ullage.Abi;

namespace Ullage.Model.Files;

/// <summary>Reads under way, in the order of their ends: which pages of which file, and when they are there.</summary>
[Kernel("struct bio", "include/linux/blk_types.h")]
internal sealed class ReadRequests
{
    private Request[] _ring = new Request[16];
    private int _first;
    private int _count;

    internal readonly record struct Request(long DoneNs, AddressSpaceMap Map, long First, int Pages);

    /// <summary>When the first one ends; <see cref="long.MaxValue"/> = none is under way.</summary>
    public long NextDoneNs => _count == 0 ? long.MaxValue : _ring[_first].DoneNs;

    public int Count => _count;

    /// <summary>Adds a read that ends not before those that were added earlier.</summary>
    public void Add(Request request)
    {
        if (_count == _ring.Length)
        {
            Request[] larger = new Request[2 * _count];
            for (int i = 0; i < _count; i++)
            {
                larger[i] = At(i);
            }
            (_ring, _first) = (larger, 0);
        }
        _ring[(_first + _count++) & (_ring.Length - 1)] = request;
    }

    public Request Take()
    {
        Request taken = _ring[_first];
        _ring[_first] = default;
        _first = (_first + 1) & (_ring.Length - 1);
        _count--;
        return taken;
    }

    /// <summary>When a page's read ends; -1 = none of it is under way.</summary>
    public long DoneNsOf(AddressSpaceMap map, long index)
    {
        for (int i = 0; i < _count; i++)
        {
            Request request = At(i);
            if (request.Map == map && index >= request.First && index < request.First + request.Pages)
            {
                return request.DoneNs;
            }
        }
        return -1;
    }

    private Request At(int i) => _ring[(_first + i) & (_ring.Length - 1)];
}
