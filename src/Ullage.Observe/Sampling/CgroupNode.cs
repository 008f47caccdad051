namespace Ullage.Observe.Sampling;

/// <summary>A cgroup that a sampler holds open, and those below it by name.</summary>
internal sealed class CgroupNode(CgroupDirectory directory, CgroupEntry entry, PressureOfGroup? pressure = null) : IDisposable
{
    private ulong _lacking;

    internal CgroupDirectory Directory { get; } = directory;

    internal CgroupEntry Entry { get; } = entry;

    /// <summary>Its pressure in the unified hierarchy of a hybrid host; else null.</summary>
    internal PressureOfGroup? Pressure { get; } = pressure;

    internal List<CgroupNode> Children { get; } = [];

    /// <summary>True when the children must be looked at again.</summary>
    internal bool Unsettled { get; set; } = true;

    /// <summary>Whether it was checked before that the file is missing although the cgroup is there.</summary>
    internal bool KnownToLack(int plan) => (_lacking >> plan & 1) != 0;

    internal void Lacks(int plan) => _lacking |= 1UL << plan;

    internal bool Has(string name)
    {
        foreach (CgroupNode child in Children)
        {
            if (child.Entry.Name == name)
            {
                return true;
            }
        }
        return false;
    }

    /// <summary>Keeps the names in order.</summary>
    internal void Add(CgroupNode child)
    {
        int at = Children.Count;
        while (at > 0 && string.CompareOrdinal(Children[at - 1].Entry.Name, child.Entry.Name) > 0)
        {
            at--;
        }
        Children.Insert(at, child);
    }

    /// <summary>Closes those whose names are gone, or whose directory is another one now.</summary>
    internal void RemoveMissing(List<string> names)
    {
        for (int i = Children.Count - 1; i >= 0; i--)
        {
            if (!names.Contains(Children[i].Entry.Name) || !Children[i].Directory.IsThere())
            {
                Children[i].Dispose();
                Children.RemoveAt(i);
            }
        }
    }

    public void Dispose()
    {
        foreach (CgroupNode child in Children)
        {
            child.Dispose();
        }
        Pressure?.Dispose();
        Directory.Dispose();
    }
}
