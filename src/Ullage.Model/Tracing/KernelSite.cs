using Ullage.Model.AddressSpace.Malloc;

namespace Ullage.Model.Tracing;

/// <summary>Why the kernel reclaims or kills just now.</summary>
internal enum KernelSite
{
    Charge,
    HighOnReturn,
    HighInCharge,
    FaultEnd,
    Global,
    LimitWrite,
    MaxWrite,
    ReclaimWrite,
    ForceEmptyWrite,
    /// <summary>A request for a file's pages goes to the disk.</summary>
    FileSubmit,
    /// <summary>Somebody waits for a file's page that is being read.</summary>
    FileWait,
    Kswapd,
    Compaction,
}

/// <summary>How a page of a file came to be wanted.</summary>
internal enum FileWay
{
    /// <summary>It is no page of a file.</summary>
    None,
    /// <summary>Readahead, because it was missing.</summary>
    Sync,
    /// <summary>Readahead, because a page before it was used.</summary>
    Async,
    /// <summary>Read at random, or by advice.</summary>
    Forced,
    /// <summary>Around the page of a fault.</summary>
    Around,
    /// <summary>By itself.</summary>
    Alone,
    /// <summary>It is written.</summary>
    Write,
}

/// <summary>What is being charged.</summary>
internal enum ChargedThing
{
    Page,
    Table,
    Slab,
    Stack,
}

/// <summary>The system call that runs, as far as stacks tell it.</summary>
internal enum KernelEntry
{
    Mmap,
    Split,
    Fork,
    Brk,
    Mprotect,
    Mremap,
    Exec,
    /// <summary>stat(2): the name that is looked up.</summary>
    Lookup,
    /// <summary>stat(2): the inode of a name that was found.</summary>
    LookupInode,
    /// <summary>open(2): the name of a file to be created.</summary>
    Open,
    /// <summary>open(2): the inode of a new file.</summary>
    OpenInode,
    /// <summary>open(2): the open file itself.</summary>
    OpenFile,
    /// <summary>unlink(2): the name that is looked up.</summary>
    Unlink,
}

/// <summary>Where in the kernel the machine is: set on slow paths only, read by probes.</summary>
internal struct KernelPath
{
    public KernelSite Site;
    public ChargedThing Thing;
    public KernelEntry Entry;
    public FileWay Way;
    public bool KmemCounter;
    public bool Throttle;
    /// <summary>A message about slab is being printed; otherwise one of the OOM killer's, or another.</summary>
    public bool SlabReport;
    /// <summary>The OOM killer prints.</summary>
    public bool OomReport;
    /// <summary>The C library's function that the program called; none = it made the system call itself.</summary>
    public MallocRoot Root;
    /// <summary>How far in the C library the call has come.</summary>
    public MallocPlace Place;

    /// <summary>Everything in one number, which <see cref="Unpack"/> takes apart.</summary>
    public readonly ulong Pack(bool inFault) => (ulong)Site | ((ulong)Thing << 8) | ((ulong)Entry << 16) | ((ulong)Root << 24) | ((ulong)Place << 32)
        | (KmemCounter ? 1UL << 40 : 0) | (Throttle ? 1UL << 41 : 0) | (SlabReport ? 1UL << 42 : 0) | (OomReport ? 1UL << 43 : 0) | (inFault ? 1UL << 44 : 0) | ((ulong)Way << 45);

    public static KernelPath Unpack(ulong packed, out bool inFault)
    {
        inFault = (packed & (1UL << 44)) != 0;
        return new KernelPath
        {
            Site = (KernelSite)(packed & 0xff), Thing = (ChargedThing)((packed >> 8) & 0xff), Entry = (KernelEntry)((packed >> 16) & 0xff),
            Root = (MallocRoot)((packed >> 24) & 0xff), Place = (MallocPlace)((packed >> 32) & 0xff),
            Way = (FileWay)((packed >> 45) & 0x7),
            KmemCounter = (packed & (1UL << 40)) != 0, Throttle = (packed & (1UL << 41)) != 0,
            SlabReport = (packed & (1UL << 42)) != 0, OomReport = (packed & (1UL << 43)) != 0,
        };
    }
}
