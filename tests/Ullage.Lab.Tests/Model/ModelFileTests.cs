using Ullage.Abi;
using Ullage.Lab.Results;

namespace Ullage.Lab.Tests.Model;

/// <summary>Operations on files, on the model.</summary>
public sealed class ModelFileTests
{
    public static IEnumerable<object[]> Eras => ModelRuns.Eras;

    private static string Yaml(string steps, string files = "files: { /data/f: 4MiB }") => $$"""
        name: files
        cgroup: { version: 1, groups: { /a: { memory.limit_in_bytes: 64M } } }
        {{files}}
        processes:
          - name: p
            cgroup: /a
            do:
        {{string.Join('\n', steps.Split('\n').Select(line => "      " + line))}}
        collect: [/proc/meminfo]
        """;

    [Theory, MemberData(nameof(Eras))]
    public void ReadCountsHitsAndBytesPerPass(string era)
    {
        (RunResult result, _) = ModelRuns.RunAndKeep(Yaml("- read: { file: /data/f, pattern: loop, passes: 2 }\n- read: { file: /data/f, advice: random }"), era);
        IReadOnlyList<PassResult> passes = result.Process("p").Steps[0].Passes.ShouldNotBeNull();
        passes.Count.ShouldBe(2);
        (passes[0].ReadBytes, passes[1].ReadBytes).ShouldBe((4L << 20, 0L));
        (passes[1].Hits, passes[1].Misses).ShouldBe((1024, 0));
        result.Process("p").Steps[1].Done.ShouldBe(1024);
        result.Files[0].Value.ShouldContain("Cached:             4096 kB");
    }

    [Theory, MemberData(nameof(Eras))]
    public void ReadThroughAMappingGivesTheSamePages(string era)
    {
        RunResult result = ModelRuns.RunAndKeep(Yaml("- read: { file: /data/f, pattern: uniform, count: 500, seed: 7, via: mmap, advice: random }"), era).Result;
        PassResult pass = result.Process("p").Steps[0].Passes.ShouldNotBeNull()[0];
        RunResult other = ModelRuns.RunAndKeep(Yaml("- read: { file: /data/f, pattern: uniform, count: 500, seed: 7, advice: random }"), era).Result;
        PassResult byRead = other.Process("p").Steps[0].Passes.ShouldNotBeNull()[0];
        (pass.Hits, pass.Misses, pass.ReadBytes).ShouldBe((byRead.Hits, byRead.Misses, byRead.ReadBytes));
    }

    [Theory, MemberData(nameof(Eras))]
    public void WriteMakesTheFileAndFsyncWaits(string era)
    {
        (RunResult result, _) = ModelRuns.RunAndKeep(Yaml("- write: { file: /data/new, bytes: 8M, fsync: true }\n- read: { file: /data/new }"), era);
        result.Process("p").Steps[0].Done.ShouldBe(2048);
        result.Process("p").Steps[0].VirtualNs.ShouldBeGreaterThan(10_000_000); // 8 MiB at 500 MiB/s
        result.Process("p").Steps[1].Passes![0].Hits.ShouldBe(2048);
        result.Files[0].Value.ShouldContain("Dirty:                 0 kB");
    }

    [Theory, MemberData(nameof(Eras))]
    public void MmapOfAFileIsTouchedAndAdvised(string era)
    {
        (RunResult result, _) = ModelRuns.RunAndKeep(Yaml("""
            - mmap: { region: r, bytes: 4M, kind: file, file: /data/f }
            - touch: { region: r, write: false }
            - touch: { region: r, write: true }
            - madvise: { region: r, advice: dontneed }
            - munmap: r
            """), era);
        result.Process("p").Steps.ShouldAllBe(step => step.Errno == Errno.None);
        result.Process("p").Steps[2].Done.ShouldBe(1024);
    }

    [Fact]
    public void ReadOfAMissingFileIsEnoent()
    {
        RunResult result = ModelRuns.Run(Yaml("- read: { file: /data/none, expect_errno: ENOENT }", "files: { /data/other: 1M }"));
        result.Process("p").Steps[0].Errno.ShouldBe(Errno.ENOENT);
    }

    [Fact]
    public void InterleaveReadsAPageOfEachInTurn()
    {
        RunResult result = ModelRuns.Run(Yaml("- interleave: { count: 100, of: [ { read: { file: /data/f } }, { read: { file: /data/f, pattern: uniform, seed: 3 } } ] }"));
        result.Process("p").Steps[0].Done.ShouldBe(100);
    }
}
