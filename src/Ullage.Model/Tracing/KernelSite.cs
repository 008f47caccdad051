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
    FileRead,
    FileFault,
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
}

/// <summary>Where in the kernel the machine is: set on slow paths only, read by probes.</summary>
internal struct KernelPath
{
    public KernelSite Site;
    public ChargedThing Thing;
    public KernelEntry Entry;
    public bool KmemCounter;
    public bool Throttle;
}
