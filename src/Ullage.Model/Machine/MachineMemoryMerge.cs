using Ullage.Abi;
using Ullage.Model.AddressSpace;
using Ullage.Model.Charging;
using Ullage.Model.Slab;
using Ullage.Model.Tracing;

namespace Ullage.Model;

/// <summary>Splitting and joining mappings.</summary>
public sealed partial class Machine
{
    /// <summary>Joins a mapping with the one that ends where it starts, if they are alike and their anon_vmas allow it.</summary>
    [Kernel("vma_merge", "mm/vma.c", Deviation = "The surviving mapping keeps its anon_vma_chain; none is cloned.")]
    private void MergeWithBelow(Mm mm, Vma vma)
    {
        int at = mm.IndexAfter(vma.StartPage);
        if (at == 0 || mm.Vmas[at - 1] is not { } below || below.EndPage != vma.StartPage || !AreAlike(below, vma))
        {
            return;
        }
        long start = below.StartPage;
        (Vma stays, Vma goes) = below.HasAnonVma || !vma.HasAnonVma ? (below, vma) : (vma, below);
        long end = vma.EndPage;
        mm.Remove(goes);
        mm.Resize(stays, start, end);
        if (stays.AnonVmaObject == default)
        {
            (stays.AnonVmaObject, goes.AnonVmaObject) = (goes.AnonVmaObject, default);
        }
        FreeVma(goes);
    }

    [Kernel("can_vma_merge_after", "mm/vma.c")]
    private static bool AreAlike(Vma below, Vma above)
    {
        if (below.Flags != above.Flags || below.Shmem != above.Shmem || below.File != above.File || below.Policy != above.Policy || below.PageOffset + below.Pages != above.PageOffset)
        {
            return false;
        }
        return !below.HasAnonVma || !above.HasAnonVma || (below.AnonVmaId == above.AnonVmaId && below.AnonVmaId != 0);
    }

    private void MergeAround(Mm mm, long start, long end)
    {
        for (Vma? vma = mm.FirstFrom(start); vma is not null && vma.StartPage <= end; vma = mm.FirstFrom(Math.Max(vma.EndPage, vma.StartPage + 1)))
        {
            MergeWithBelow(mm, vma);
        }
    }

    /// <summary>Makes a mapping begin at <paramref name="page"/>, if one goes across it. munmap does not mind the limit of mappings at a range's ends.</summary>
    [Kernel("__split_vma", "mm/vma.c")]
    private bool SplitAt(TaskStruct task, Mm mm, long page, bool limited = true)
    {
        Path.Entry = KernelEntry.Split;
        Vma? vma = mm.Find(page);
        if (vma is null || vma.StartPage == page)
        {
            return true;
        }
        if ((limited && mm.Vmas.Count >= Overcommit.MaxMapCount) || !Slab.TryAllocate(Slab.Known.VmAreaStruct, task.Cgroup.Memcg, Gfp.Kernel, out SlabObject allocated))
        {
            return false;
        }
        SlabObject chain = default;
        if (vma.HasAnonVma && !Slab.TryAllocate(Slab.Known.AnonVmaChain, task.Cgroup.Memcg, Gfp.Kernel, out chain))
        {
            Slab.Free(allocated);
            return false;
        }
        long end = vma.EndPage;
        mm.Resize(vma, vma.StartPage, page);
        mm.Insert(new Vma(page, end, vma.Flags)
        {
            Object = allocated, ChainObject = chain, HasAnonVma = vma.HasAnonVma, AnonVmaId = vma.AnonVmaId,
            Shmem = vma.Shmem, File = vma.File, Policy = vma.Policy, PageOffset = vma.PageOffset + page - vma.StartPage,
        });
        if (vma.File is { } file)
        {
            file.Map.Users++;
        }
        if (vma.Shmem is { } shmem)
        {
            shmem.Mappings++;
        }
        return true;
    }

    /// <summary>Frees a mapping that was taken out of its address space; shared memory goes with its last mapping.</summary>
    [Kernel("remove_vma", "mm/vma.c")]
    private void FreeVma(Vma vma)
    {
        Slab.Free(vma.ChainObject);
        Slab.Free(vma.ParentChainObject);
        Slab.Free(vma.AnonVmaObject);
        Slab.Free(vma.Object);
        if (vma.Shmem is { } shmem && --shmem.Mappings == 0)
        {
            Faults.ReleaseShmem(shmem);
        }
        if (vma.File is { } file)
        {
            PageCache.Put(file.Map);
        }
    }
}
