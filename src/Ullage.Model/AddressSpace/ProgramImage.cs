using Ullage.Abi;
using Ullage.Abi.Units;

namespace Ullage.Model.AddressSpace;

/// <summary>
/// A small program with its runtime. The layout is that of a static x86-64 program; the mmap area begins at a random page below the stack.
/// A spawned process has it loaded and warmed up in the root cgroup before it does anything; exec(2) maps it and leaves the rest to faults.
/// </summary>
/// <remarks>
/// Its sizes are chosen, not measured: text and data of a statically linked program of about 850 KiB, the heap that its C library's first malloc
/// makes (34 pages, §7.3: 0x21000 bytes and the page that the break began in), some 1 MiB of runtime in the mmap area, and a stack of 132 KiB as
/// execve(2) leaves it. Everything is charged to nobody, so that no measured figure depends on them but the rss of the task table; what counts for
/// charges is that a process that grows meets one new PTE page and two tables above it, as the measured worker did (E3).
/// </remarks>
[Kernel("load_elf_binary", "fs/binfmt_elf.c")]
public static class ProgramImage
{
    internal const int StackPages = 33;

    private const VmaFlags Writable = VmaFlags.Read | VmaFlags.Write | VmaFlags.Account;
    private const long TextPage = 0x400;
    private const int TextPages = 190;
    private const int HeapPages = 34;
    private const int RuntimePages = 240;

    /// <summary>First page of the data segment: private and writable, in use but never written before the first operation.</summary>
    public const long DataPage = TextPage + TextPages;

    /// <summary>Pages of the data segment.</summary>
    public const int DataPages = 20;

    /// <summary>A process that was there before the machine's story begins: everything is present and charged to nobody.</summary>
    internal static Mm Load(Machine machine, TaskStruct task, long limitStackPages)
    {
        Mm mm = NewMm(machine, task, limitStackPages);
        _ = machine.TryAllocateMm(mm, machine.Hierarchy.Root.Memcg);
        foreach (Vma vma in Layout(machine, task, mm))
        {
            bool anon = (vma.Flags & VmaFlags.File) == 0;
            machine.Faults.EquipAtLoad(vma, anon);
            mm.Insert(vma);
            machine.Overcommit.Charge(vma.IsAccounted ? vma.Pages : 0);
            for (long page = vma.StartPage; page < vma.EndPage; page++)
            {
                machine.Faults.MapAtLoad(mm, page, anon);
            }
        }
        return mm;
    }

    /// <summary>An empty address space.</summary>
    internal static Mm NewMm(Machine machine, TaskStruct task, long limitStackPages)
    {
        SimRandom aslr = machine.Random.Fork("aslr-" + task.Pid.ToString(System.Globalization.CultureInfo.InvariantCulture));
        long stackTop = Mm.TaskSizePages - aslr.Below(1 << 22); // stack: 34 random bits of which 22 are whole pages
        long room = Math.Clamp(limitStackPages, Mm.DefaultStackPages, Mm.TaskSizePages / 6 * 5);
        long mmapBase = Math.Max(stackTop - StackPages - room - aslr.Below(1 << 28), TextPage * 64);
        return new Mm { Owner = task, MmapBasePage = mmapBase, StackTopPage = stackTop, LimitStackPages = limitStackPages };
    }

    /// <summary>The mappings of the program, by address. Sets the break.</summary>
    internal static IReadOnlyList<Vma> Layout(Machine machine, TaskStruct task, Mm mm)
    {
        SimRandom aslr = machine.Random.Fork("brk-" + task.Pid.ToString(System.Globalization.CultureInfo.InvariantCulture));
        long heap = DataPage + DataPages + aslr.Below(1 << 13);
        mm.StartBrk = heap << KernelConstants.PageShift;
        mm.Brk = (heap + HeapPages) << KernelConstants.PageShift;
        return
        [
            At(TextPage, TextPages, VmaFlags.Read | VmaFlags.Exec | VmaFlags.File),
            At(DataPage, DataPages, Writable | VmaFlags.File),
            At(heap, HeapPages, Writable),
            At(mm.MmapBasePage - RuntimePages, RuntimePages, Writable),
            At(mm.StackTopPage - StackPages, StackPages, Writable | VmaFlags.GrowsDown),
        ];
    }

    private static Vma At(long start, int pages, VmaFlags flags) => new(start, start + pages, flags);
}
