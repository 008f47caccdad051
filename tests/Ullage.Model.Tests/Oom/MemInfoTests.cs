using System.Text.RegularExpressions;
using Ullage.Model.AddressSpace;
using Ullage.Model.Tests.Pages;

namespace Ullage.Model.Tests.Oom;

/// <summary>Mem-Info of a system-wide report: words against published logs of such kernels, numbers against the machine.</summary>
public sealed class MemInfoTests
{
    private static (Machine Machine, string[] Lines) Report(string era, long swap = 0)
    {
        Machine machine = Machine.Boot(new MachineOptions { Era = Workloads.Era(era), MemoryBytes = 128 << 20, SwapBytes = swap });
        machine.Overcommit.Mode = 1; // memory is to run out at the touch, not at the mapping
        machine.Grow(PageAllocatorTests.Start(machine, "leak"), 1 << 20, out FaultOutcome last);
        last.ShouldBe(FaultOutcome.Killed);
        string[] all = [.. machine.Log.Records.Select(record => record.Text)];
        int from = Array.IndexOf(all, "Mem-Info:");
        int to = Array.FindIndex(all, from, text => text.StartsWith('[') || text.StartsWith("Tasks state"));
        return (machine, all[from..to]);
    }

    private static string Masked(string line) => Regex.Replace(line, @"(?<![A-Za-z\d])\d+", "N").Replace(" yes", " no");

    /// <summary>Lines of logs that were published with kernels of these ages; 4.1 is that of 4.5.</summary>
    public static TheoryData<string, string> PublishedBefore6_12 => new()
    {
        {
            "5.10",
            "Node 0 DMA32 free:22324kB min:44676kB low:55844kB high:67012kB reserved_highatomic:0KB active_anon:174212kB inactive_anon:1539340kB active_file:0kB inactive_file:64kB " +
            "unevictable:0kB writepending:0kB present:2080636kB managed:1840628kB mlocked:0kB pagetables:7536kB bounce:0kB free_pcp:0kB local_pcp:0kB free_cma:0kB"
        },
        {
            "6.1",
            "active_anon:2351704 inactive_anon:2000415 isolated_anon:0\n active_file:35015 inactive_file:28668 isolated_file:0\n unevictable:5145 dirty:129 writeback:0\n" +
            " slab_reclaimable:70205 slab_unreclaimable:80481\n mapped:982607 shmem:1063997 pagetables:18273\n sec_pagetables:3080 bounce:0\n kernel_misc_reclaimable:0\n" +
            " free:1389338 free_pcp:259 free_cma:0"
        },
        {
            "6.1",
            "Node 0 active_anon:9406816kB inactive_anon:8001660kB active_file:140060kB inactive_file:114672kB unevictable:20580kB isolated(anon):0kB isolated(file):0kB mapped:3930428kB " +
            "dirty:516kB writeback:0kB shmem:4255988kB shmem_thp: 4151296kB shmem_pmdmapped: 2641920kB anon_thp: 10160128kB writeback_tmp:0kB kernel_stack:18384kB pagetables:73092kB " +
            "sec_pagetables:12320kB all_unreclaimable? no"
        },
        {
            "4.1",
            "Node 0 DMA free:7928kB min:40kB low:48kB high:60kB active_anon:588kB inactive_anon:172kB active_file:0kB inactive_file:4kB unevictable:0kB isolated(anon):0kB isolated(file):0kB " +
            "present:15988kB managed:15904kB mlocked:0kB dirty:0kB writeback:0kB mapped:88kB shmem:180kB slab_reclaimable:1008kB slab_unreclaimable:2576kB kernel_stack:1840kB pagetables:408kB " +
            "unstable:0kB bounce:0kB free_pcp:0kB local_pcp:0kB free_cma:0kB writeback_tmp:0kB pages_scanned:0 all_unreclaimable? no"
        },
    };

    /// <summary>The same for 6.12 (logs of 6.6 to 6.11) and 6.18 (6.16 and 6.17).</summary>
    public static TheoryData<string, string> PublishedSince6_12 => new()
    {
        {
            "6.12",
            "Node 0 active_anon:468kB inactive_anon:56940kB active_file:101112kB inactive_file:101576kB unevictable:0kB isolated(anon):0kB isolated(file):0kB mapped:54000kB dirty:328kB " +
            "writeback:756kB shmem:4748kB shmem_thp:0kB shmem_pmdmapped:0kB anon_thp:0kB writeback_tmp:0kB kernel_stack:5504kB pagetables:3384kB sec_pagetables:0kB all_unreclaimable? no"
        },
        {
            "6.12",
            "Node 0 DMA free:6664kB boost:0kB min:424kB low:528kB high:632kB reserved_highatomic:0KB active_anon:0kB inactive_anon:0kB active_file:0kB inactive_file:0kB unevictable:0kB " +
            "writepending:0kB present:15992kB managed:15360kB mlocked:0kB bounce:0kB free_pcp:0kB local_pcp:0kB free_cma:0kB"
        },
        {
            "6.18",
            "Node 0 active_anon:224kB inactive_anon:13048kB active_file:1685012kB inactive_file:5950024kB unevictable:0kB isolated(anon):0kB isolated(file):0kB mapped:26124kB dirty:204kB " +
            "writeback:0kB shmem:52kB shmem_thp:0kB shmem_pmdmapped:0kB anon_thp:0kB kernel_stack:3472kB pagetables:1972kB sec_pagetables:0kB all_unreclaimable? no Balloon:0kB"
        },
        {
            "6.18",
            "Node 0 DMA free:48336kB boost:12288kB min:19692kB low:21540kB high:23388kB reserved_highatomic:2048KB free_highatomic:2032KB active_anon:0kB inactive_anon:80kB " +
            "active_file:274560kB inactive_file:545700kB unevictable:0kB writepending:0kB present:970752kB managed:880012kB mlocked:0kB bounce:0kB free_pcp:0kB local_pcp:0kB free_cma:60kB"
        },
    };

    [Theory]
    [MemberData(nameof(PublishedBefore6_12))]
    [MemberData(nameof(PublishedSince6_12))]
    public void LineHasTheWordsOfPublishedLogs(string era, string line) => Report(era).Lines.Select(Masked).ShouldContain(Masked(line));

    [Theory]
    [MemberData(nameof(Workloads.Eras), MemberType = typeof(Workloads))]
    public void PartsComeInOrder(string era)
    {
        (_, string[] lines) = Report(era);
        string[] starts =
        [
            "Mem-Info:", "active_anon:", .. era == "4.1" ? (string[])[] : ["Node 0 active_anon:"], "Node 0 DMA free:", "lowmem_reserve[]: 0 ", "Node 0 DMA32 free:", "lowmem_reserve[]: 0 0 0 0",
            "Node 0 DMA: ", "Node 0 DMA32: ", .. era == "4.1" ? (string[])[] : ["Node 0 hugepages_total=0 hugepages_free=0 hugepages_surp=0 hugepages_size=1048576kB"],
            "Node 0 hugepages_total=0 hugepages_free=0 hugepages_surp=0 hugepages_size=2048kB", "0 total pagecache pages", "0 pages in swap cache",
        ];
        for (int i = 0; i < starts.Length; i++)
        {
            lines[i].ShouldStartWith(starts[i]);
        }
        lines.ShouldContain("0 pages HighMem/MovableOnly");
        lines.Contains("Swap cache stats: add 0, delete 0, find 0/0").ShouldBe(era is not ("6.1" or "6.12" or "6.18"));
        Array.IndexOf(lines, "Total swap = 0kB").ShouldBe(Array.IndexOf(lines, "Free swap  = 0kB") + 1);
    }

    [Theory]
    [MemberData(nameof(Workloads.Eras), MemberType = typeof(Workloads))]
    public void FiguresAddUp(string era)
    {
        (Machine machine, string[] lines) = Report(era, swap: 0);
        long Of(string start, string name) => long.Parse(Regex.Match(lines.First(line => line.StartsWith(start)), @"(?:^|[ \n])" + Regex.Escape(name) + @":(\d+)").Groups[1].Value);
        (Of("Node 0 DMA free", "free") + Of("Node 0 DMA32 free", "free")).ShouldBe(Of("active_anon", "free") * 4);
        (Of("Node 0 DMA free", "managed") + Of("Node 0 DMA32 free", "managed")).ShouldBe(machine.Frames.Managed * 4L);
        string list = era is "4.1" or "4.15" or "4.19" or "5.3" or "5.4" ? "active_anon" : "inactive_anon";
        (Of("Node 0 DMA free", list) + Of("Node 0 DMA32 free", list)).ShouldBe(Of("active_anon", list) * 4);
        Of("Node 0 DMA32 free", "free").ShouldBeLessThanOrEqualTo(Of("Node 0 DMA32 free", "min"));
        foreach (string zone in new[] { "DMA", "DMA32" })
        {
            string blocks = lines.Single(line => line.StartsWith($"Node 0 {zone}: "));
            long sum = Regex.Matches(blocks, @"(\d+)\*(\d+)kB").Sum(match => long.Parse(match.Groups[1].Value) * long.Parse(match.Groups[2].Value));
            blocks.ShouldEndWith($" = {sum}kB");
            sum.ShouldBe(Of($"Node 0 {zone} free", "free"));
        }
        long ram = long.Parse(lines.Single(line => line.EndsWith(" pages RAM")).Split(' ')[0]);
        long reserved = long.Parse(lines.Single(line => line.EndsWith(" pages reserved")).Split(' ')[0]);
        (ram - reserved).ShouldBe(machine.Frames.Managed);
    }

    [Theory]
    [InlineData("4.1", "0x280da")]
    [InlineData("4.15", "0x14280ca(GFP_HIGHUSER_MOVABLE|__GFP_ZERO), nodemask=(null)")]
    [InlineData("4.19", "0x6280ca(GFP_HIGHUSER_MOVABLE|__GFP_ZERO), nodemask=(null)")]
    [InlineData("5.4", "0x100dca(GFP_HIGHUSER_MOVABLE|__GFP_ZERO)")]
    [InlineData("6.1", "0x140dca(GFP_HIGHUSER_MOVABLE|__GFP_COMP|__GFP_ZERO)")]
    [InlineData("6.18", "0x140dca(GFP_HIGHUSER_MOVABLE|__GFP_ZERO|__GFP_COMP)")]
    public void HeadNamesAUserPage(string era, string gfp) =>
        Report(era).Machine.Log.Records[0].Text.ShouldBe($"leak invoked oom-killer: gfp_mask={gfp}, order=0, oom_score_adj=0");
}
