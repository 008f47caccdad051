using System.Globalization;
using Ullage.Abi;
using Ullage.Model.Pages;
using Ullage.Model.Tracing;

namespace Ullage.Model;

/// <summary>The end of a machine, and the pages that it lacked.</summary>
public sealed partial class Machine
{
    /// <summary>What the kernel panicked with; null = it runs. After a panic no task runs and nothing is killed any more; files can still be read.</summary>
    public string? Panicked { get; private set; }

    /// <summary>The page allocator's slow path.</summary>
    internal PageAllocator Pages { get; }

    /// <summary>Stops the machine. A call that is under way gives up with what it has.</summary>
    [Kernel("panic", "kernel/panic.c", Deviation = "The stack and the end mark that follow the line are left out; it never reboots (panic=0).")]
    internal void Panic(string text)
    {
        if (Panicked is null)
        {
            Panicked = text;
            Log.Write(PrintkLevel.Emergency, string.Create(CultureInfo.InvariantCulture, $"Kernel panic - not syncing: {text}"));
        }
    }

    /// <summary>Takes a frame, by the slow path if need be; -1 = none.</summary>
    internal int AllocateSlow(PageFlags use) => Pages.Allocate(use);

    /// <summary>The same for one of several that are wanted together.</summary>
    internal int AllocateSlow(PageFlags use, int order) => Pages.Allocate(use, order: order);

    /// <summary>The same for a page of a mapping, which may have a memory policy of its own.</summary>
    internal int AllocateSlow(PageFlags use, AddressSpace.Vma vma, long page) => Pages.Allocate(use, vma.Policy, vma.PageOffset + page - vma.StartPage);
}
