using System.Text;
using Ullage.Abi;
using Ullage.Model.Charging;
using Ullage.Model.Slab;

namespace Ullage.Model.Files;

/// <summary>
/// Names of dentries. Short ones lie inside (DNAME_INLINE_LEN); longer ones are kmalloc objects beside them, charged to whoever looked them up
/// (§4.8), and freed with them.
/// </summary>
[Kernel("struct external_name", "fs/dcache.c", Deviation = "Names of files that are created, and of directories, are short.")]
internal sealed class DentryNames
{
    private const int NumberBits = 48;
    private const int HeaderBytes = 17; // reference count or RCU head, and the final NUL

    private readonly Machine _machine;
    private readonly int _inlineBytes;
    private readonly List<string> _prefixes = [""];
    private readonly Dictionary<int, SlabObject> _external = [];
    private readonly KmemCache?[] _caches = new KmemCache?[256];

    public DentryNames(Machine machine)
    {
        _machine = machine;
        _inlineBytes = machine.Era.Slab.InlineNameBytes;
    }

    /// <summary>Dentries whose name lies beside them.</summary>
    public int External => _external.Count;

    /// <summary>The first number of the names with a prefix.</summary>
    public long NumbersOf(string prefix)
    {
        int known = _prefixes.IndexOf(prefix);
        if (known < 0)
        {
            known = _prefixes.Count;
            _prefixes.Add(prefix);
        }
        return (long)known << NumberBits;
    }

    /// <summary>Whether a name is too long for its dentry.</summary>
    public bool IsExternal(long number) => number >> NumberBits != 0 && Length(number) >= _inlineBytes;

    private int Length(long number)
    {
        int digits = 1;
        for (long rest = (number & ((1L << NumberBits) - 1)) / 10; rest > 0; rest /= 10)
        {
            digits++;
        }
        return Math.Min(255, Encoding.UTF8.GetByteCount(_prefixes[(int)(number >> NumberBits)]) + digits);
    }

    /// <summary>Allocates the name of a new dentry. False = -ENOMEM.</summary>
    [Kernel("__d_alloc", "fs/dcache.c")]
    public bool TryAllocate(MemCgroup memcg, long number, out SlabObject name)
    {
        int length = Length(number);
        KmemCache cache = _caches[length] ??= _machine.Slab.Caches.KmallocReclaimable(HeaderBytes + length);
        return _machine.Slab.TryAllocate(cache, memcg, Gfp.KernelAccount, out name);
    }

    public void Keep(int item, SlabObject name) => _external.Add(item, name);

    /// <summary>The dentry goes, and its name with it.</summary>
    [Kernel("__d_free_external", "fs/dcache.c")]
    public void Free(int item)
    {
        if (_external.Remove(item, out SlabObject name))
        {
            _machine.Slab.Free(name);
        }
    }
}
