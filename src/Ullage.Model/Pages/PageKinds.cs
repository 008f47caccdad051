using Ullage.Abi;

namespace Ullage.Model.Pages;

/// <summary>What follows from several flags of a page.</summary>
internal static class PageKinds
{
    /// <summary>Of an anonymous page: MADV_FREE gave it up, so that it may go without being written (PG_swapbacked is clear).</summary>
    public const PageFlags LazyFree = PageFlags.Kernel;

    /// <summary>An anonymous page that MADV_FREE gave up.</summary>
    public static bool IsLazyFree(this PageFlags flags) => (flags & (PageFlags.Anon | LazyFree)) == (PageFlags.Anon | LazyFree);

    /// <summary>Its lists are those of anonymous memory: it can only go to swap.</summary>
    [Kernel("folio_test_swapbacked", "include/linux/page-flags.h")]
    public static bool IsSwapBacked(this PageFlags flags) => (flags & (PageFlags.Anon | PageFlags.Shmem)) != 0 && (flags & LazyFree) == 0;
}
