using Ullage.Abi;

namespace Ullage.Model.Charging;

/// <summary>What an allocation may do, as far as charging asks. Numbers of the flags differ per era: <see cref="Eras.GfpValues"/>.</summary>
[Flags]
[Kernel("gfp_t", "include/linux/gfp_types.h")]
internal enum Gfp
{
    None = 0,
    /// <summary>May sleep and reclaim.</summary>
    Blocking = 1 << 0,
    Fs = 1 << 1,
    NoRetry = 1 << 2,
    NoFail = 1 << 3,
    RetryMayFail = 1 << 4,
    Atomic = 1 << 5,
    High = 1 << 6,
    Account = 1 << 7,
    /// <summary>No report when it fails.</summary>
    NoWarn = 1 << 8,

    /// <summary>__GFP_MOVABLE: a page of user space.</summary>
    Movable = 1 << 9,

    Kernel = Blocking | Fs,
    HighUserMovable = Kernel | Movable,
    KernelAccount = Kernel | Account,
    NoWait = None,
}
