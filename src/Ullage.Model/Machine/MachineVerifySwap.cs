using Ullage.Model.AddressSpace;
using Ullage.Model.Charging;
using Ullage.Model.Pages;
using Ullage.Model.Swap;

namespace Ullage.Model;

/// <summary>Checks of the swap space (§2.11).</summary>
public sealed partial class Machine
{
    /// <summary>
    /// Throws <see cref="InvariantException"/> unless every slot is referred to as often as it says, every page of the swap cache and its slot know each other,
    /// and cgroups pay for the slots that name them.
    /// </summary>
    private void VerifySwap()
    {
        SwapMap map = Swap.Map;
        int[] references = map.Used == 0 ? [] : new int[map.Pages + 1];
        CountSwapEntries(references);
        long[] paid = new long[Hierarchy.HighestId + 1];
        (int used, long cached) = (0, 0);
        for (int slot = 1; slot < references.Length; slot++)
        {
            if (!map.IsUsed(slot))
            {
                Invariant.Holds(references[slot] == 0, $"swap slot {slot} is free and referred to");
                continue;
            }
            SwapSlot each = map[slot];
            used++;
            paid[each.Memcg]++;
            Invariant.Holds(each.Count == references[slot], $"references of swap slot {slot}: {each.Count} = {references[slot]}");
            Invariant.Holds(each.Count > 0 || each.HasCache, $"swap slot {slot} is taken for nothing");
            if (each.HasCache)
            {
                cached++;
                Invariant.Holds((Frames.Flags(each.Frame) & PageFlags.SwapCache) != 0 && Swap.SlotOf(each.Frame) == slot, $"swap cache of slot {slot}");
            }
        }
        Invariant.Holds(used == map.Used && cached == Swap.Cached, $"swap slots: {map.Used} used, {Swap.Cached} cached = {used}, {cached}");
        foreach (MemCgroup memcg in Hierarchy.Memcgs)
        {
            VerifySwapOf(memcg, paid[memcg.Id]);
        }
    }

    private void VerifySwapOf(MemCgroup memcg, long paid)
    {
        if (memcg.IsRoot)
        {
            return;
        }
        Invariant.Holds(memcg.SwapEntries == paid && memcg.Stats.Exact(MemcgStat.Swap) == paid, $"swap of {memcg}: {memcg.SwapEntries} = {paid} slots");
        long usage = paid;
        foreach (MemCgroup child in memcg.Children)
        {
            usage += child.HierarchyParent == memcg ? child.Swap.Usage : 0;
        }
        Invariant.Holds(memcg.IsV1 || memcg.Swap.Usage == usage, $"swap usage of {memcg}: {memcg.Swap.Usage} = {usage}");
    }

    private void CountSwapEntries(int[] references)
    {
        HashSet<Mm> seen = [];
        foreach (TaskStruct task in Tasks.All)
        {
            if (task.Mm is not { SwapPages: > 0 } mm || !seen.Add(mm))
            {
                continue;
            }
            long found = 0;
            foreach (PageTablePage table in mm.SortedTables(1))
            {
                Span<PteFlags> flags = Faults.Ptes.TableFlags(table.Table);
                for (int i = 0; i < flags.Length; i++)
                {
                    if ((flags[i] & PteFlags.Swap) != 0)
                    {
                        references[PtePool.SlotOf(Faults.Ptes.Entry(table.Table, i))]++;
                        found++;
                    }
                }
            }
            Invariant.Holds(found == mm.SwapPages, $"pages in swap: {mm.SwapPages} = {found} in the tables");
        }
        foreach (ShmemObject shmem in Shared.All)
        {
            foreach (int[] chunk in shmem.Chunks)
            {
                foreach (int entry in chunk)
                {
                    if (entry < 0)
                    {
                        references[PtePool.SlotOf(entry)]++;
                    }
                }
            }
        }
    }
}
