using Ullage.Abi;
using Ullage.Model.Charging;

namespace Ullage.Model.Files;

/// <summary>
/// Lists of unused objects, oldest first, one per memory cgroup (§4.8). When a cgroup goes offline its list is put at the end of its
/// parent's (§5.3): in one step, since objects name their list and the list says where it went.
/// </summary>
[Kernel("struct list_lru", "include/linux/list_lru.h", Deviation = "One node.")]
internal sealed class ListLru(MemCgroup root)
{
    private const int None = -1;

    private readonly ChunkedArray<Link> _links = new();
    private List[] _lists = new List[4];
    private int _listCount;
    private int[] _listOf = []; // by memcg id; list index + 1

    private struct Link
    {
        public int Prev;
        public int Next;
        public int List; // index + 1; 0 = on none
    }

    private struct List
    {
        public int First;
        public int Last;
        public long Count;
        public int MovedTo; // index + 1; 0 = stays
    }

    /// <summary>Objects on all lists.</summary>
    public long Total { get; private set; }

    public void Reserve(int count) => _links.Reserve(count);

    /// <summary>Room was made for it once.</summary>
    public bool Knows(int item) => _links.Holds(item);

    public bool Contains(int item) => _links[item].List != 0;

    /// <summary>Objects on a cgroup's list.</summary>
    [Kernel("list_lru_count_one", "mm/list_lru.c")]
    public long Count(MemCgroup memcg) => memcg.Id < _listOf.Length && _listOf[memcg.Id] != 0 ? _lists[_listOf[memcg.Id] - 1].Count : 0;

    /// <summary>The oldest object of a cgroup's list; -1 = none.</summary>
    public int Oldest(MemCgroup memcg) => Count(memcg) == 0 ? None : _lists[_listOf[memcg.Id] - 1].First;

    /// <summary>Takes the oldest object of a cgroup's list off it.</summary>
    public void RemoveOldest(MemCgroup memcg)
    {
        ref List list = ref _lists[_listOf[memcg.Id] - 1];
        ref Link link = ref _links[list.First];
        link.List = 0;
        list.First = link.Next;
        list.Count--;
        Total--;
        if (list.Count > 0)
        {
            _links[list.First].Prev = None;
        }
    }

    /// <summary>Adds an object as the newest of a cgroup's list; a removed cgroup's objects go to the next living one above.</summary>
    [Kernel("list_lru_add", "mm/list_lru.c")]
    public void Add(int item, MemCgroup memcg)
    {
        MemCgroup owner = memcg.Online ? memcg : Heir(memcg);
        int list = owner.Id < _listOf.Length && _listOf[owner.Id] != 0 ? _listOf[owner.Id] - 1 : NewList(owner);
        Invariant.Holds(_links[item].List == 0);
        Append(item, list);
    }

    private void Append(int item, int list)
    {
        ref List head = ref _lists[list];
        _links[item] = new Link { Prev = head.Count == 0 ? None : head.Last, Next = None, List = list + 1 };
        if (head.Count == 0)
        {
            head.First = item;
        }
        else
        {
            _links[head.Last].Next = item;
        }
        head.Last = item;
        head.Count++;
        Total++;
    }

    private int NewList(MemCgroup owner)
    {
        if (owner.Id >= _listOf.Length)
        {
            Array.Resize(ref _listOf, Math.Max(16, owner.Id * 2));
        }
        if (_listCount == _lists.Length)
        {
            Array.Resize(ref _lists, _listCount * 2);
        }
        _lists[_listCount] = default;
        _listOf[owner.Id] = ++_listCount;
        return _listCount - 1;
    }

    [Kernel("list_lru_del", "mm/list_lru.c")]
    public void Remove(int item)
    {
        Link link = _links[item];
        ref List list = ref _lists[ListOf(link)];
        if (link.Prev == None)
        {
            list.First = link.Next;
        }
        else
        {
            _links[link.Prev].Next = link.Next;
        }
        if (link.Next == None)
        {
            list.Last = link.Prev;
        }
        else
        {
            _links[link.Next].Prev = link.Prev;
        }
        list.Count--;
        Total--;
        _links[item].List = 0;
    }

    /// <summary>Makes an object the newest of its list.</summary>
    [Kernel("list_move_tail", "include/linux/list.h")]
    public void Rotate(int item)
    {
        int list = ListOf(_links[item]);
        Remove(item);
        Append(item, list);
    }

    private int ListOf(Link link)
    {
        Invariant.Holds(link.List != 0);
        int list = link.List - 1;
        while (_lists[list].MovedTo != 0)
        {
            list = _lists[list].MovedTo - 1;
        }
        return list;
    }

    private MemCgroup Heir(MemCgroup memcg)
    {
        MemCgroup? heir = memcg.HierarchyParent;
        while (heir is { Online: false })
        {
            heir = heir.HierarchyParent;
        }
        return heir ?? root;
    }

    /// <summary>The cgroup went offline: its objects are its parent's newest now.</summary>
    [Kernel("memcg_reparent_list_lrus", "mm/list_lru.c")]
    public void Offline(MemCgroup memcg)
    {
        if (memcg.Id >= _listOf.Length || _listOf[memcg.Id] == 0)
        {
            return;
        }
        MemCgroup heir = Heir(memcg);
        int to = heir.Id < _listOf.Length && _listOf[heir.Id] != 0 ? _listOf[heir.Id] - 1 : NewList(heir);
        int from = _listOf[memcg.Id] - 1;
        _listOf[memcg.Id] = 0;
        Splice(ref _lists[from], ref _lists[to]);
        _lists[from].MovedTo = to + 1;
    }

    private void Splice(ref List from, ref List to)
    {
        if (from.Count == 0)
        {
            return;
        }
        if (to.Count == 0)
        {
            to.First = from.First;
        }
        else
        {
            _links[to.Last].Next = from.First;
            _links[from.First].Prev = to.Last;
        }
        to.Last = from.Last;
        to.Count += from.Count;
        from.Count = 0;
    }

    /// <summary>Walks every list: links agree in both directions, counts with links, and every object is on the list that it names.</summary>
    public void Verify()
    {
        long sum = 0;
        for (int list = 0; list < _listCount; list++)
        {
            long count = 0;
            int before = None;
            for (int item = _lists[list].Count == 0 ? None : _lists[list].First; item != None; before = item, item = _links[item].Next, count++)
            {
                Invariant.Holds(_links[item].Prev == before && ListOf(_links[item]) == list && count < _lists[list].Count, $"LRU links of object {item}");
            }
            Invariant.Holds(count == _lists[list].Count && (count == 0 || _lists[list].Last == before), $"LRU list {list} has its count");
            sum += count;
        }
        Invariant.Holds(sum == Total);
    }
}
