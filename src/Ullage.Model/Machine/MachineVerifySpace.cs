using Ullage.Model.AddressSpace;

namespace Ullage.Model;

/// <summary>Checks of all address spaces (§7).</summary>
public sealed partial class Machine
{
    /// <summary>Mappings are sorted and apart, counts are those of the mappings and page tables, and what is committed is what the mappings promise.</summary>
    private void VerifySpaces()
    {
        HashSet<Mm> seen = [];
        HashSet<ShmemObject> shared = [];
        long committed = 0;
        foreach (TaskStruct task in Tasks.All)
        {
            if (task.Mm is { } mm && seen.Add(mm))
            {
                committed += VerifySpace(mm, shared);
            }
        }
        if (Overcommit.Exact != committed)
        {
            throw new InvariantException($"committed pages: {Overcommit.Exact} = {committed} of all mappings");
        }
    }

    /// <summary>Throws <see cref="InvariantException"/> unless every present page is mapped and every resident count is that of the page tables. Looks at every entry.</summary>
    public void VerifyPageTables()
    {
        foreach (TaskStruct task in Tasks.All)
        {
            if (task.Mm is { } mm)
            {
                VerifyTables(mm);
            }
        }
    }

    private long VerifySpace(Mm mm, HashSet<ShmemObject> shared)
    {
        (long end, long total, long committed) = (0, 0, 0);
        foreach (Vma vma in mm.Vmas)
        {
            Invariant.Holds(vma.StartPage >= end && vma.EndPage > vma.StartPage && vma.EndPage <= Mm.TaskSizePages);
            Invariant.Holds(vma.Shmem is not null == ((vma.Flags & VmaFlags.Shared) != 0 && vma.File is null));
            Invariant.Holds(!vma.IsAccounted || (vma.Flags & (VmaFlags.Shared | VmaFlags.NoReserve)) == 0);
            end = vma.EndPage;
            total += vma.Pages;
            committed += vma.IsAccounted ? vma.Pages : 0;
            committed += vma.Shmem is { } shmem && shared.Add(shmem) ? shmem.Committed : 0;
        }
        Invariant.Holds(mm.TotalPages == total && mm.DataPages >= 0 && mm.StackPages >= 0 && mm.ExecPages >= 0);
        return committed;
    }

    private void VerifyTables(Mm mm)
    {
        (long anon, long file, long shmem, long swap) = (0, 0, 0, 0);
        foreach (long key in mm.TableKeysIn(1, 0, long.MaxValue))
        {
            PageTablePage table = mm.TablesOf(1)[key];
            int present = 0;
            Span<int> entries = Faults.Ptes.Table(table.Table);
            for (int i = entries.IndexOfAnyExcept(0); i >= 0; i = NextPresent(entries, i + 1))
            {
                present++;
                if (mm.FindCached((key << 9) + i) is null)
                {
                    throw new InvariantException($"page {(key << 9) + i} is present and not mapped");
                }
                int entry = entries[i];
                if (entry == PageFaults.ImagePage)
                {
                    file++;
                }
                else if ((Faults.Ptes.Flags(table.Table, i) & PteFlags.Swap) != 0)
                {
                    swap++;
                }
                else if (entry != PageFaults.ZeroPage)
                {
                    Ullage.Model.Pages.PageFlags flags = Frames.Flags(Math.Abs(entry) - 1);
                    bool isShared = (flags & Ullage.Model.Pages.PageFlags.Shmem) != 0;
                    bool isFile = (flags & Ullage.Model.Pages.PageFlags.File) != 0;
                    shmem += isShared ? 1 : 0;
                    file += isFile ? 1 : 0;
                    anon += isShared || isFile ? 0 : 1;
                }
            }
            Invariant.Holds(present == table.Present);
        }
        Invariant.Holds(mm.SwapPages == swap, $"pages in swap: {mm.SwapPages} = {swap} in the tables");
        Invariant.Holds(mm.AnonPages == anon && mm.FilePages == file && mm.ShmemPages == shmem,
            $"resident pages: {mm.AnonPages} anon, {mm.FilePages} file, {mm.ShmemPages} shared = {anon}, {file}, {shmem} in the tables");
    }

    private static int NextPresent(Span<int> entries, int from)
    {
        int found = entries[from..].IndexOfAnyExcept(0);
        return found < 0 ? -1 : from + found;
    }
}
