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
        Invariant.Holds(Overcommit.Exact == committed, $"committed pages: {Overcommit.Exact} = {committed} of all mappings");
    }

    private long VerifySpace(Mm mm, HashSet<ShmemObject> shared)
    {
        (long end, long total, long committed) = (0, 0, 0);
        foreach (Vma vma in mm.Vmas)
        {
            Invariant.Holds(vma.StartPage >= end && vma.EndPage > vma.StartPage && vma.EndPage <= Mm.TaskSizePages, $"mapping at page {vma.StartPage} after {end}");
            Invariant.Holds(vma.Shmem is not null == ((vma.Flags & VmaFlags.Shared) != 0));
            Invariant.Holds(!vma.IsAccounted || (vma.Flags & (VmaFlags.Shared | VmaFlags.NoReserve)) == 0);
            end = vma.EndPage;
            total += vma.Pages;
            committed += vma.IsAccounted ? vma.Pages : 0;
            committed += vma.Shmem is { } shmem && shared.Add(shmem) ? shmem.Committed : 0;
        }
        Invariant.Holds(mm.TotalPages == total && mm.DataPages >= 0 && mm.StackPages >= 0 && mm.ExecPages >= 0, $"size of an address space: {mm.TotalPages} = {total}");
        VerifyTables(mm);
        return committed;
    }

    private void VerifyTables(Mm mm)
    {
        (long anon, long file, long shmem) = (0, 0, 0);
        foreach ((long key, PageTablePage table) in mm.TablesOf(1))
        {
            int present = 0;
            Span<int> entries = Faults.Ptes.Table(table.Table);
            for (int i = 0; i < entries.Length; i++)
            {
                int entry = entries[i];
                if (entry == 0)
                {
                    continue;
                }
                present++;
                Invariant.Holds(mm.Find((key << 9) + i) is not null, $"page {(key << 9) + i} is present and not mapped");
                bool isFrame = entry is not PageFaults.ZeroPage and not PageFaults.ImagePage;
                bool isShared = isFrame && (Frames.Flags(Math.Abs(entry) - 1) & Pages.PageFlags.Shmem) != 0;
                file += entry == PageFaults.ImagePage ? 1 : 0;
                shmem += isShared ? 1 : 0;
                anon += isFrame && !isShared ? 1 : 0;
            }
            Invariant.Holds(present == table.Present, $"table of page {key << 9}: {table.Present} = {present} present");
        }
        Invariant.Holds(mm.AnonPages == anon && mm.FilePages == file && mm.ShmemPages == shmem,
            $"resident pages: {mm.AnonPages} anon, {mm.FilePages} file, {mm.ShmemPages} shared = {anon}, {file}, {shmem} in the tables");
    }
}
