using System.Globalization;
using Ullage.Abi;
using Ullage.Model.Charging;
using Ullage.Model.Eras;

namespace Ullage.Model.Oom;

/// <summary>An allocation's gfp mask as reports print it: the era's number, then names.</summary>
[Kernel("format_flags", "lib/vsprintf.c", Deviation = "Only flags that can reach the OOM killer have numbers here.")]
internal sealed class OomGfp(KernelEra era)
{
    private readonly uint _highUserMovable = 0xa | era.Report.Gfp.HardWall; // ___GFP_HIGHMEM and ___GFP_MOVABLE, the same in all eras

    private const uint FsBit = 0x80; // ___GFP_FS, the same in all eras

    private readonly GfpFlagValues _flags = era.Report.Gfp;

    /// <summary>Such as <c>0xcc0(GFP_KERNEL)</c>.</summary>
    public string Text(OomContext oc)
    {
        (uint value, string names) = Base(oc.Gfp);
        // Under a page fault page tables, and pages that are not charged before they are had, are cleared.
        bool movable = (oc.Gfp & Gfp.Movable) != 0;
        bool zeroed = oc.InFault && (oc.Memcg is null ? oc.Gfp != Gfp.None : (oc.Gfp & Gfp.Account) != 0);
        Append(ref value, ref names, (oc.Gfp & Gfp.RetryMayFail) != 0, _flags.RetryMayFail, "__GFP_RETRY_MAYFAIL");
        Append(ref value, ref names, (oc.Gfp & Gfp.NoFail) != 0, _flags.NoFail, "__GFP_NOFAIL");
        Append(ref value, ref names, movable && !_flags.ZeroFirst, _flags.Compound, "__GFP_COMP");
        Append(ref value, ref names, zeroed, _flags.Zero, "__GFP_ZERO");
        Append(ref value, ref names, movable && _flags.ZeroFirst, _flags.Compound, "__GFP_COMP");
        string number = string.Create(CultureInfo.InvariantCulture, $"0x{value:x}");
        return era.Gfp.Names ? number + "(" + names + ")" : number;
    }

    private (uint Value, string Names) Base(Gfp gfp)
    {
        if ((gfp & Gfp.Blocking) == 0)
        {
            return (0, ""); // the page fault's own call, without an allocation (§8.1)
        }
        uint account = (gfp & Gfp.Account) != 0 ? era.Gfp.Account : 0;
        if ((gfp & Gfp.Movable) != 0)
        {
            return (era.Gfp.Kernel | _highUserMovable, "GFP_HIGHUSER_MOVABLE");
        }
        if ((gfp & Gfp.Fs) != 0)
        {
            return (era.Gfp.Kernel | account, account != 0 ? "GFP_KERNEL_ACCOUNT" : "GFP_KERNEL");
        }
        return ((era.Gfp.Kernel & ~FsBit) | account, account != 0 ? "GFP_NOFS|__GFP_ACCOUNT" : "GFP_NOFS");
    }

    private static void Append(ref uint value, ref string names, bool set, uint flag, string name)
    {
        if (set && flag != 0)
        {
            value |= flag;
            names += names.Length == 0 ? name : "|" + name;
        }
    }
}
