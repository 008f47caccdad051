using Ullage.Abi;
using Ullage.Abi.Units;
using Ullage.Model.Eras;

namespace Ullage.Model.Kernfs;

/// <summary>What is written to memory.reclaim: a size and, in newer eras, options (§2.10).</summary>
[Kernel("user_proactive_reclaim", "mm/vmscan.c", Deviation = "The swappiness is read and has no effect: there is no swapping yet.")]
internal static class ReclaimArguments
{
    private const string SwappinessKey = "swappiness=";

    public static Errno Parse(string text, CgroupRules rules, out long pages)
    {
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
            if (!option.IsEmpty && !IsSwappiness(option, rules))
            {
                return Errno.EINVAL;
            }
        }
        return Errno.None;
    }

    private static bool IsSwappiness(ReadOnlySpan<char> option, CgroupRules rules)
    {
        if (!option.StartsWith(SwappinessKey))
        {
            return false;
        }
        ReadOnlySpan<char> value = option[SwappinessKey.Length..];
        if (value.SequenceEqual("max"))
        {
            return rules.ReclaimSyntax == ReclaimSyntax.SizeAndSwappinessOrMax;
        }
        return KernelNumber.TryParseInt(value, out int number) == Errno.None && number >= 0 && number <= rules.SwappinessMax;
    }
}
