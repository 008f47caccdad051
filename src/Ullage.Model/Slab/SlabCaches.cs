using System.Collections.Immutable;
using Ullage.Abi;
using Ullage.Model.Eras;

namespace Ullage.Model.Slab;

/// <summary>The root caches of a booted machine, by the era's table.</summary>
[Kernel("slab_caches", "mm/slab_common.c")]
internal sealed class SlabCaches
{
    private static readonly ImmutableArray<int> KmallocSizes = [8, 16, 32, 64, 96, 128, 192, 256, 512, 1024, 2048, 4096, 8192];

    private readonly KmemCache[] _caches;
    private readonly Dictionary<string, KmemCache> _byName = new(StringComparer.Ordinal);
    private readonly SlabRules _rules;

    public SlabCaches(MachineOptions options)
    {
        _rules = options.Era.Slab;
        _caches = new KmemCache[_rules.Caches.Rows.Count];
        for (int i = 0; i < _caches.Length; i++)
        {
            _caches[i] = new KmemCache(_rules.Caches.Rows[i], i, options);
            _byName[_caches[i].Name] = _caches[i];
        }
        foreach ((string name, string row) in _rules.Caches.Merged)
        {
            _byName[name] = _byName[row];
        }
    }

    /// <summary>The caches, newest first.</summary>
    public ReadOnlySpan<KmemCache> All => _caches;

    public KmemCache this[string name] => Find(name) ?? throw new ArgumentException("no slab cache " + name);

    public KmemCache? Find(string name) => _byName.GetValueOrDefault(name);

    /// <summary>
    /// The cache under a name that another release may use: kmalloc-1024 and kmalloc-1k are one, and accounted kmalloc objects may have their
    /// own caches; inode caches and others are found by their name only.
    /// </summary>
    public KmemCache? FindByUse(string name)
    {
        const string prefix = "kmalloc-";
        if (!name.StartsWith(prefix, StringComparison.Ordinal))
        {
            return Find(name);
        }
        bool kib = name.EndsWith('k');
        bool isNumber = int.TryParse(name.AsSpan(prefix.Length, name.Length - prefix.Length - (kib ? 1 : 0)),
            System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out int number);
        int size = kib ? number * 1024 : number;
        return isNumber && KmallocSizes.Contains(size) ? Kmalloc(size, accounted: true) : Find(name);
    }

    /// <summary>The cache of kmalloc objects of a size; null for more than 8 KiB, which are whole pages (§4.1).</summary>
    [Kernel("kmalloc_slab", "mm/slab_common.c")]
    public KmemCache? Kmalloc(int bytes, bool accounted) => Kmalloc(bytes, accounted && _rules.KmallocCg ? "kmalloc-cg-" : "kmalloc-");

    /// <summary>The cache of accounted kmalloc objects that a shrinker can free; no more than 8 KiB (§4.1).</summary>
    public KmemCache KmallocReclaimable(int bytes) => Kmalloc(bytes, _rules.KmallocRcl ? "kmalloc-rcl-" : "kmalloc-")!;

    private KmemCache? Kmalloc(int bytes, string family)
    {
        foreach (int size in KmallocSizes)
        {
            if (size >= bytes)
            {
                bool shortens = _rules.KmallocShortNames && size >= 1024;
                return this[family + (shortens ? size / 1024 : size).ToString(System.Globalization.CultureInfo.InvariantCulture) + (shortens ? "k" : "")];
            }
        }
        return null;
    }
}
