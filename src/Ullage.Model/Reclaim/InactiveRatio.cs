using Ullage.Abi;
using Ullage.Model.Charging;
using Ullage.Model.Eras;
using Ullage.Model.Pages;

namespace Ullage.Model.Reclaim;

/// <summary>How long an inactive list should be: with 1 GiB a third of its active list, with 1 TiB a hundredth (§3.4).</summary>
[Kernel("inactive_is_low", "mm/vmscan.c")]
internal sealed class InactiveRatio(Machine machine)
{
    private const int GiBShift = 18; // pages

    private readonly VmscanRules _rules = machine.Era.Vmscan;

    /// <summary>isqrt(10 * GiB), 1 below a GiB.</summary>
    internal static long Of(long pages)
    {
        long gib = pages >> GiBShift;
        return gib == 0 ? 1 : (long)Math.Sqrt(10 * gib);
    }

    internal static bool IsLow(long inactive, long active) => inactive * Of(inactive + active) < active;

    /// <summary>Whether an active list should be looked at, for eras that ask each lruvec (to 5.7).</summary>
    /// <param name="lruvec">Whose lists.</param>
    /// <param name="isFile">Page cache or anonymous.</param>
    /// <param name="inReclaim">Scanning has been decided and goes on now.</param>
    public bool IsLow(Lruvec lruvec, bool isFile, bool inReclaim)
    {
        if (!isFile && machine.PageBackends.TotalSwapPages == 0)
        {
            return false;
        }
        long inactive = lruvec.Size(isFile ? LruList.InactiveFile : LruList.InactiveAnon);
        long active = lruvec.Size(isFile ? LruList.ActiveFile : LruList.ActiveAnon);
        if (isFile && _rules.Inactive == InactiveRule.FileOneToOne)
        {
            return active > inactive;
        }
        bool looksAtRefaults = isFile && (_rules.Inactive == InactiveRule.Refaults || (_rules.Inactive == InactiveRule.RefaultsInReclaim && inReclaim));
        if (looksAtRefaults && machine.Workingset.Activations(lruvec, 1) != lruvec.LastActivations[1])
        {
            return active > 0; // ratio 0
        }
        return IsLow(inactive, active);
    }

    /// <summary>The same for a whole subtree on one node (5.8+).</summary>
    public bool IsLowBelow(Lruvec target, bool isFile)
    {
        Workingset workingset = machine.Workingset;
        long inactive = workingset.PagesOf(target, isFile ? LruList.InactiveFile : LruList.InactiveAnon);
        long active = workingset.PagesOf(target, isFile ? LruList.ActiveFile : LruList.ActiveAnon);
        return IsLow(inactive, active);
    }

    /// <summary>Anonymous memory ages although nothing of it is reclaimed (§3.8, last).</summary>
    public bool AnonNeedsAgeing(Lruvec lruvec)
    {
        if (machine.PageBackends.TotalSwapPages == 0)
        {
            return false;
        }
        return _rules.Inactive == InactiveRule.Target ? IsLowBelow(lruvec, isFile: false) : IsLow(lruvec, isFile: false, inReclaim: true);
    }
}
