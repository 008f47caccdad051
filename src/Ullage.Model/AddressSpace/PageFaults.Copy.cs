using Ullage.Abi;
using Ullage.Model.Charging;
using Ullage.Model.Pages;

namespace Ullage.Model.AddressSpace;

/// <summary>Pages that come without a fault: at load and by fork.</summary>
internal sealed partial class PageFaults
{
    /// <summary>A page of a program that was loaded before the machine's story begins: charged to nobody.</summary>
    internal void MapAtLoad(Mm mm, long page, bool anon)
    {
        if ((mm.PteTableOf(page) ?? AllocateTables(mm, _machine.Hierarchy.Root.Memcg, page)) is not { } table)
        {
            return; // a machine this full loads fewer pages
        }
        if (!anon)
        {
            Ptes.Entry(table.Table, (int)(page & 511)) = ImagePage;
            Ptes.Flags(table.Table, (int)(page & 511)) = PteFlags.Accessed;
            table.Present++;
            mm.FilePages++;
            mm.NoteRss();
            return;
        }
        int frame = _frames.Allocate(PageFlags.Anon);
        if (frame >= 0)
        {
            Map(mm, null, table, page, frame);
        }
    }

    /// <summary>The objects of a mapping that was there before the machine's story begins, charged to nobody.</summary>
    internal void EquipAtLoad(Vma vma, bool hasAnonVma)
    {
        MemCgroup root = _machine.Hierarchy.Root.Memcg;
        if (_machine.Slab.TryAllocate(_machine.Slab.Known.VmAreaStruct, root, Gfp.Kernel, out Slab.SlabObject allocated))
        {
            vma.Object = allocated;
        }
        if (hasAnonVma && !PrepareAnonVma(vma, root))
        {
            vma.HasAnonVma = true; // a machine this full lacks the object, not the fact
        }
    }

    /// <summary>The accounted parts of a copied mapping.</summary>
    internal bool TryAllocateVma(TaskStruct child, Vma source, out Vma copy)
    {
        copy = new Vma(source.StartPage, source.EndPage, source.Flags) { Shmem = source.Shmem, File = source.File, Policy = source.Policy, PageOffset = source.PageOffset };
        MemCgroup memcg = child.Cgroup.Memcg;
        if (!_machine.Slab.TryAllocate(_machine.Slab.Known.VmAreaStruct, memcg, Gfp.Kernel, out Slab.SlabObject allocated))
        {
            return false;
        }
        if (source.HasAnonVma)
        {
            // anon_vma_fork: a link to each of the parent's, then one of its own
            if (!_machine.Slab.TryAllocate(_machine.Slab.Known.AnonVmaChain, memcg, Gfp.Kernel, out Slab.SlabObject link))
            {
                _machine.Slab.Free(allocated);
                return false;
            }
            if (!PrepareAnonVma(copy, memcg))
            {
                _machine.Slab.Free(link);
                _machine.Slab.Free(allocated);
                return false;
            }
            copy.ParentChainObject = link;
        }
        copy.Object = allocated;
        return true;
    }

    /// <summary>Copies one entry for fork; both sides lose the right to write an anonymous page in place.</summary>
    [Kernel("copy_present_pte", "mm/memory.c")]
    internal bool CopyEntry(Mm source, Mm mm, MemCgroup memcg, long page)
    {
        int index = (int)(page & 511);
        PageTablePage from = source.PteTableOf(page)!;
        if (Ptes.Entry(from.Table, index) == 0)
        {
            return true;
        }
        PageTablePage? to = mm.PteTableOf(page) ?? AllocateTables(mm, memcg, page);
        if (to is null)
        {
            return false;
        }
        int entry = Ptes.Entry(from.Table, index); // tables may have cost other pages their place
        ref PteFlags flags = ref Ptes.Flags(from.Table, index);
        flags &= ~PteFlags.Exclusive;
        if (entry == ImagePage)
        {
            mm.FilePages++;
        }
        else if ((flags & PteFlags.Swap) != 0)
        {
            _machine.Swap.Duplicate(PtePool.SlotOf(entry));
            mm.SwapPages++;
        }
        else if (entry != ZeroPage)
        {
            entry = -Math.Abs(entry);
            Ptes.Entry(from.Table, index) = entry;
            if ((_frames.Flags(-entry - 1) & PageFlags.File) != 0)
            {
                AddFileRmap(-entry - 1);
                mm.FilePages++;
            }
            else
            {
                _frames.MapCount(-entry - 1)++;
                mm.AnonPages++;
            }
        }
        Ptes.Entry(to.Table, index) = entry;
        Ptes.Flags(to.Table, index) = flags & ~PteFlags.Accessed; // the child has not used it yet
        to.Present++;
        return true;
    }
}
