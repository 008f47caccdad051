using Ullage.Abi;
using Ullage.Abi.Units;
using Ullage.Model.Eras;

namespace Ullage.Model.Kernfs;

/// <summary>What is written to memory.reclaim: a size and, in newer eras, options (§2.10).</summary>
[Kernel("user_proactive_reclaim", "mm/vmscan.c")]
internal static class ReclaimArguments
{
    private const string SwappinessKey = "swappiness=";
    private const int AnonOnly = 201; // SWAPPINESS_ANON_ONLY

    public static Errno Parse(string text, CgroupRules rules, out long pages, out int? swappiness)
    {
        swappiness = null;
        if (rules.ReclaimSyntax == ReclaimSyntax.Size)
        {
            return KernelNumber.TryParsePageCounter(text, "", out pages); // empty text is the word for everything
        }
        ReadOnlySpan<char> rest = KernelNumber.Strip(text);
        pages = (long)(KernelNumber.MemParse(rest, out int consumed) >> KernelConstants.PageShift);
        if (consumed == 0)
        {
            return Errno.EINVAL;
        }
        rest = KernelNumber.Strip(rest[consumed..]);
        foreach (Range token in rest.Split(' '))
        {
            ReadOnlySpan<char> option = rest[token];
            if (!option.IsEmpty && !TryParseSwappiness(option, rules, ref swappiness))
            {
                return Errno.EINVAL;
            }
        }
        return Errno.None;
    }

    private static bool TryParseSwappiness(ReadOnlySpan<char> option, CgroupRules rules, ref int? swappiness)
    {
        if (!option.StartsWith(SwappinessKey))
        {
            return false;
        }
        ReadOnlySpan<char> value = option[SwappinessKey.Length..];
        if (value.SequenceEqual("max"))
        {
            swappiness = AnonOnly;
            return rules.ReclaimSyntax == ReclaimSyntax.SizeAndSwappinessOrMax;
        }
        if (KernelNumber.TryParseInt(value, out int number) != Errno.None || number < 0 || number > rules.SwappinessMax)
        {
            return false;
        }
        swappiness = number;
        return true;
    }
}
