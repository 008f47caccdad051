namespace Ullage.Model.Files;

/// <summary>What must hold between any two calls.</summary>
internal sealed partial class DentryCache
{
    /// <summary>Every live dentry is where it belongs, and every count agrees with what it counts.</summary>
    public void Verify()
    {
        long live = 0;
        long negative = 0;
        long hashed = 0;
        long[] children = new long[_mounts.Directories];
        for (int item = 0; item < _fresh; item++)
        {
            ref Dentry dentry = ref _dentries[item];
            if ((dentry.Flags & DentryFlags.Live) == 0)
            {
                continue;
            }
            live++;
            negative += dentry.Inode < 0 ? 1 : 0;
            children[dentry.Directory]++;
            bool isDirectory = (dentry.Flags & DentryFlags.IsDirectory) != 0;
            hashed += isDirectory ? 0 : 1;
            Invariant.Holds(isDirectory ? _mounts.ById((int)dentry.Number).Dentry == item : _hash.Find(dentry.Directory, dentry.Number) == item, $"dentry {item} is found");
            VerifyLists(item, isDirectory);
        }
        Invariant.Holds(live == Live && negative == Negative && hashed == _hash.Count, $"dentries: {live} live, {negative} negative, {hashed} hashed");
        for (int id = 0; id < children.Length; id++)
        {
            Invariant.Holds(children[id] == _mounts.ById(id).CachedChildren, $"cached children of {_mounts.ById(id)}");
        }
        foreach (ListLru lru in Lru)
        {
            lru.Verify();
        }
        _machine.Inodes.Verify();
    }

    /// <summary>A name is on its file system's list; a directory only while nothing in it is cached, though one that is in use again may still be there.</summary>
    private void VerifyLists(int item, bool isDirectory)
    {
        int on = 0;
        foreach (ListLru lru in Lru)
        {
            on += lru.Knows(item) && lru.Contains(item) ? 1 : 0;
        }
        Invariant.Holds(on <= 1 && (isDirectory || on == 1), $"dentry {item} is on {on} lists");
    }
}
