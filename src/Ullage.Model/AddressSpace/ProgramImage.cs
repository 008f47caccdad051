using Ullage.Abi;
using Ullage.Abi.Units;
using Ullage.Model.Pages;

namespace Ullage.Model.AddressSpace;

/// <summary>
/// A small program with its runtime, loaded and warmed up in the root cgroup: what a process has before it does anything.
/// The layout is that of a static x86-64 program; the mmap area begins at a random page below the stack.
/// </summary>
[Kernel("load_elf_binary", "fs/binfmt_elf.c")]
public static class ProgramImage
{
    private const long TextPage = 0x400;
    private const int TextPages = 190;
    private const int HeapPages = 34;
    private const int StackPages = 33;
    private const int RuntimePages = 240;

    /// <summary>First page of the data segment: private and writable, in use but never written before the first operation.</summary>
    public const long DataPage = TextPage + TextPages;

    /// <summary>Pages of the data segment.</summary>
    public const int DataPages = 20;

    internal static Mm Load(Machine machine, TaskStruct task)
    {
        SimRandom aslr = machine.Random.Fork("aslr-" + task.Pid.ToString(System.Globalization.CultureInfo.InvariantCulture));
        long stackTop = Mm.TaskSizePages - aslr.Below(1 << 22); // stack: 34 random bits of which 22 are whole pages
        long mmapBase = stackTop - StackPages - (8L << 20 >> KernelConstants.PageShift) - aslr.Below(1 << 28);
        Mm mm = new() { Owner = task, MmapBasePage = mmapBase };
        _ = machine.TryAllocateMm(mm, machine.Hierarchy.Root.Memcg);
        MapImage(machine, mm, TextPage, TextPages, VmaFlags.Read | VmaFlags.Exec | VmaFlags.File);
        MapImage(machine, mm, DataPage, DataPages, VmaFlags.Read | VmaFlags.Write | VmaFlags.File);
        MapTouched(machine, mm, DataPage + DataPages + aslr.Below(1 << 13), HeapPages, VmaFlags.Read | VmaFlags.Write);
        MapTouched(machine, mm, mmapBase - RuntimePages, RuntimePages, VmaFlags.Read | VmaFlags.Write);
        MapTouched(machine, mm, stackTop - StackPages, StackPages, VmaFlags.Read | VmaFlags.Write | VmaFlags.GrowsDown);
        return mm;
    }

    private static void MapImage(Machine machine, Mm mm, long start, int pages, VmaFlags flags)
    {
        mm.Insert(machine.Faults.VmaAtLoad(start, start + pages, flags, hasAnonVma: false));
        for (long page = start; page < start + pages; page++)
        {
            machine.Faults.MapAtLoad(mm, page, anon: false);
        }
    }

    private static void MapTouched(Machine machine, Mm mm, long start, int pages, VmaFlags flags)
    {
        mm.Insert(machine.Faults.VmaAtLoad(start, start + pages, flags, hasAnonVma: true));
        for (long page = start; page < start + pages; page++)
        {
            machine.Faults.MapAtLoad(mm, page, anon: true);
        }
    }
}

/// <summary>fork(2)'s copy of an address space: anonymous pages are shared until one side writes.</summary>
[Kernel("dup_mmap", "mm/mmap.c")]
internal static class ForkMm
{
    /// <summary>The copy, or null when its tables or mappings could not be had.</summary>
    public static Mm? Copy(Machine machine, Mm source, TaskStruct child)
    {
        Mm mm = new()
        {
            Owner = child, MmapBasePage = source.MmapBasePage, LimitPages = source.LimitPages, LimitDataPages = source.LimitDataPages,
            TakesRightsAway = source.TakesRightsAway,
        };
        if (!machine.TryAllocateMm(mm, child.Cgroup.Memcg))
        {
            return null;
        }
        foreach (Vma vma in source.Vmas)
        {
            if (!CopyVma(machine, source, mm, vma, child))
            {
                machine.ReleaseMm(mm);
                return null;
            }
        }
        mm.NoteRss();
        return mm;
    }

    private static bool CopyVma(Machine machine, Mm source, Mm mm, Vma vma, TaskStruct child)
    {
        if (!machine.Faults.TryAllocateVma(child, vma, out Vma copy))
        {
            return false;
        }
        mm.Insert(copy);
        for (long page = vma.StartPage; page < vma.EndPage; page++)
        {
            if (source.PteTableOf(page) is null)
            {
                page |= 511; // nothing mapped below this table
                continue;
            }
            if (!machine.Faults.CopyEntry(source, mm, child.Cgroup.Memcg, page))
            {
                return false;
            }
        }
        return true;
    }
}
