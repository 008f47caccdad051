using Ullage.Abi;
using Ullage.Model.Eras;

namespace Ullage.Model.Charging;

/// <summary>One kind of protection (min or low) of one cgroup, in pages (§1.5).</summary>
[Kernel("struct page_counter", "include/linux/page_counter.h")]
internal struct ProtectedShare
{
    /// <summary>What was written.</summary>
    public long Setting;

    /// <summary>What it claims from its parent at present.</summary>
    public long Claimed;

    /// <summary>What its children claim together.</summary>
    public long ClaimedBelow;

    /// <summary>What holds during a reclaim walk: its setting, cut to its share of the parent's (§1.6).</summary>
    public long Effective;

    /// <summary>Claims anew after usage or setting changed; answers by how much the claim grew.</summary>
    public long Claim(long usage, ProtectionRule rule)
    {
        long claim = rule switch
        {
            ProtectionRule.Capped => Math.Min(usage, Setting),
            ProtectionRule.AllOrNothing => usage <= Setting ? usage : 0, // above its setting it claims nothing
            _ => 0,
        };
        long growth = claim - Claimed;
        Claimed = claim;
        return growth;
    }
}
