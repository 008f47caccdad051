using System.Globalization;
using Ullage.Lab.Results;

namespace Ullage.Lab.Tests.Model;

/// <summary>Where stalls and charges of file reads come from, name by name, against those of real kernels (§12.4, §12.5; tests/data/stacks).</summary>
public sealed class FileStackTests
{
    private const string InOrder = "- read: { file: /data/f, pattern: loop, passes: 3 }";
    private const string AtRandom = "- read: { file: /data/f, pattern: uniform, count: 65536, seed: 3, advice: random }";
    private const string Mapped = "- read: { file: /data/f, pattern: uniform, count: 32768, seed: 3, via: mmap }";

    private static HashSet<string> Measured(string name) =>
    [
        .. File.ReadAllText(Path.Combine(Repo.Root, "tests", "data", "stacks", name)).Split("@[\n").Skip(1)
            .Select(stack => string.Join(';', stack.Split("\n]:")[0].Split('\n').Select(frame => frame.Trim().Split('+')[0]))),
    ];

    private static HashSet<string> Modelled(string kernel, string version, string function, string step)
    {
        string limit = version == "1" ? "memory.limit_in_bytes" : "memory.max";
        RunResult result = ModelRuns.Run(
            string.Create(CultureInfo.InvariantCulture, $$"""
            name: stacks
            description: stacks of reads
            machine: { memory: 2GiB, cpus: 2, disk: { read_latency: 200us } }
            cgroup: { version: {{version}}, groups: { /g: { {{limit}}: 32M } } }
            files: { /data/f: 64MiB }
            processes:
              - name: wl
                cgroup: /g
                do:
                  {{step}}
            probes: [{{function}}]
            """),
            kernel);
        result.Processes[0].Steps[0].Errno.ShouldBe(Ullage.Abi.Errno.None);
        return [.. result.Stacks.Where(stack => stack.Probe == function).Select(stack => string.Join(';', stack.Frames))];
    }

    /// <summary>The measured worker made its page of progress meanwhile (populate_vma_page_range); that is no part of the reading.</summary>
    private static bool IsOfReading(string stack) => !stack.Contains("populate_vma_page_range", StringComparison.Ordinal);

    [Theory]
    [InlineData("5.4", "1", "psi_memstall_enter-5.4-v1-E4-seq.txt", InOrder)]
    [InlineData("5.10", "1", "psi_memstall_enter-5.10-v1-E4-seq.txt", InOrder)]
    [InlineData("6.12", "2", "psi_memstall_enter-6.12-v2-E4-seq.txt", InOrder)]
    [InlineData("5.4", "1", "psi_memstall_enter-5.4-v1-E4-uniform.txt", AtRandom)]
    [InlineData("5.10", "1", "psi_memstall_enter-5.10-v1-E4-uniform.txt", AtRandom)]
    [InlineData("6.12", "2", "psi_memstall_enter-6.12-v2-E4-uniform.txt", AtRandom)]
    [InlineData("5.4", "1", "psi_memstall_enter-5.4-v1-mmap-uniform.txt", Mapped)]
    [InlineData("5.10", "1", "psi_memstall_enter-5.10-v1-mmap-uniform.txt", Mapped)]
    [InlineData("6.12", "2", "psi_memstall_enter-6.12-v2-mmap-uniform.txt", Mapped)]
    public void Section12_ReadsStallWhereTheKernelDid(string kernel, string version, string file, string step) =>
        Modelled(kernel, version, "psi_memstall_enter", step).Where(stack => !IsOfTree(stack)).Order(StringComparer.Ordinal)
            .ShouldBe(Measured(file).Where(IsOfReading).Order(StringComparer.Ordinal));

    /// <summary>One in some hundred charges is for a node of the file's tree of pages: whether it meets the limit is chance. It took this way in other measurements.</summary>
    private static bool IsOfTree(string stack) => stack.Contains(";xas_", StringComparison.Ordinal);

    /// <summary>
    /// The page cache's pages and the nodes of its tree; what the measured worker did besides (open, pipes) is not asked for. Two rare ways to a node have no frames of
    /// their own in the model: the tree grows higher (radix_tree_extend), and a second try that may wait (xas_nomem).
    /// </summary>
    [Theory]
    [InlineData("4.15", "1", "page_counter_try_charge-4.15-v1-E4-seq.txt")]
    [InlineData("5.4", "1", "page_counter_try_charge-5.4-v1-E4-seq.txt")]
    [InlineData("5.10", "1", "page_counter_try_charge-5.10-v1-E4-seq.txt")]
    [InlineData("6.12", "2", "page_counter_try_charge-6.12-v2-E4-seq.txt")]
    public void Section12_ReadsChargeWhereTheKernelDid(string kernel, string version, string file)
    {
        HashSet<string> modelled = Modelled(kernel, version, "page_counter_try_charge", InOrder);
        Measured(file).Where(stack => stack.Contains("pread64", StringComparison.Ordinal) && !stack.Contains("radix_tree_extend", StringComparison.Ordinal)
            && !stack.Contains("xas_nomem", StringComparison.Ordinal)).Except(modelled).Order(StringComparer.Ordinal).ShouldBeEmpty();
    }

    /// <summary>
    /// The article's histogram of a machine that runs out of memory on 5.4, less what belongs to squashfs (also where only its missing ext4_filemap_fault tells), to a
    /// loop device and to ext4's inode tables.
    /// </summary>
    [Fact]
    public void Section12_PsiOomHasTheArticlesPaths()
    {
        string fault = ";ext4_filemap_fault;__do_fault;do_fault;__handle_mm_fault;handle_mm_fault;do_user_addr_fault;__do_page_fault;do_page_fault;page_fault";
        string allocate = "psi_memstall_enter;__alloc_pages_nodemask;alloc_pages_current;__page_cache_alloc;";
        RunResult result = ModelRuns.Run(File.ReadAllText(Path.Combine(Repo.Root, "scenarios", "psi-oom.yaml")));
        HashSet<string> modelled = [.. result.Stacks.Select(stack => string.Join(';', stack.Frames))];
        string[] article =
        [
            "psi_memstall_enter;kswapd;kthread;ret_from_fork",
            "psi_memstall_enter;__alloc_pages_nodemask;alloc_pages_vma;do_anonymous_page;__handle_mm_fault;handle_mm_fault;do_user_addr_fault;__do_page_fault;do_page_fault;page_fault",
            "psi_memstall_enter;filemap_fault" + fault,
            "psi_memstall_enter;ext4_mpage_readpages;ext4_readpages;read_pages;__do_page_cache_readahead;filemap_fault" + fault,
            allocate + "__do_page_cache_readahead;filemap_fault" + fault,
            allocate + "pagecache_get_page;filemap_fault" + fault,
        ];
        article.Except(modelled).ShouldBeEmpty();
        modelled.Where(stack => stack.Contains("try_charge", StringComparison.Ordinal)).ShouldBeEmpty("no cgroup has a limit");
    }
}
