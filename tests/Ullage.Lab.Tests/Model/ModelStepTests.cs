using Ullage.Abi;
using Ullage.Lab.Results;

namespace Ullage.Lab.Tests.Model;

/// <summary>What operations on memory count, and what compound operations make of it.</summary>
public sealed class ModelStepTests
{
    private static ProcessResult Do(string operations, string? kernel = null) =>
        ModelRuns.Run("name: t\nprocesses:\n  - name: p\n    do:\n" + string.Concat(operations.Split('\n').Select(line => "      " + line + "\n")), kernel).Process("p");

    [Fact]
    public void GrowCountsPagesAndKeepsItsPace()
    {
        ProcessResult process = Do("- grow: { bytes: 4M, rate: 40MiB/s }");
        (process.Steps[0].Requested, process.Steps[0].Done).ShouldBe((1024, 1024));
        process.Steps[0].VirtualNs.ShouldBeInRange(100_000_000, 101_000_000);
    }

    [Fact]
    public void GrowOfAnOddSizeTouchesTheLastPageToo() => Do("- grow: { bytes: 4097, chunk: 4096 }").Steps[0].Done.ShouldBe(2);

    [Fact]
    public void TouchTellsHitsAndMissesOfEachPass()
    {
        ProcessResult process = Do("- mmap: { region: r, bytes: 40KiB }\n- touch: { region: r, pattern: loop, passes: 3 }");
        StepResult touch = process.Steps[1];
        (touch.Requested, touch.Done).ShouldBe((30, 30));
        touch.Passes.ShouldNotBeNull().Select(pass => (pass.Hits, pass.Misses)).ShouldBe([(0L, 10L), (10L, 0L), (10L, 0L)]);
        touch.Passes![0].VirtualNs.ShouldBeGreaterThan(touch.Passes[1].VirtualNs);
        touch.Passes.Sum(pass => pass.VirtualNs).ShouldBe(touch.VirtualNs);
    }

    [Fact]
    public void TouchUniformVisitsWhatTheStreamDraws()
    {
        ProcessResult process = Do("- mmap: { region: r, bytes: 1MiB }\n- touch: { region: r, pattern: uniform, count: 300, seed: 5 }");
        HashSet<long> drawn = [];
        Ullage.Lab.Workloads.AccessStream stream = new(new() { Pattern = Ullage.Lab.Scenarios.AccessPattern.Uniform, Count = 300, Seed = 5 }, 256, 1);
        for (int i = 0; i < 300; i++)
        {
            drawn.Add(stream.Next());
        }
        process.Steps[1].Passes.ShouldNotBeNull().ShouldHaveSingleItem().Misses.ShouldBe(drawn.Count);
    }

    [Fact]
    public void ReadOfUntouchedMemoryMapsTheZeroPageAndAWriteCopiesIt()
    {
        ProcessResult process = Do("- mmap: { region: r, bytes: 16KiB }\n- touch: { region: r, write: false }\n- touch: { region: r }");
        process.Steps[1].Passes![0].Misses.ShouldBe(4);
        process.Steps[2].Passes![0].Hits.ShouldBe(4);
        process.Steps[2].VirtualNs.ShouldBeGreaterThanOrEqualTo(4 * 1400);
    }

    [Fact]
    public void MadviseDontneedAndMunmapTakePagesAway()
    {
        ProcessResult process = Do("""
            - mmap: { region: r, bytes: 64KiB }
            - touch: { region: r }
            - madvise: { region: r, advice: dontneed }
            - touch: { region: r }
            - munmap: { region: r, bytes: 32KiB }
            - touch: { region: r }
            - munmap: { region: r }
            - touch: { region: r }
            """);
        process.State.ShouldBe("exited");
        process.Steps[3].Passes![0].Misses.ShouldBe(16);
        process.Steps[5].Passes![0].ShouldBe(new PassResult(8, 0, 0, process.Steps[5].VirtualNs));
        process.Steps[7].Requested.ShouldBe(0);
    }

    [Fact]
    public void RepeatCountsRoundsAndNamesThem()
    {
        ProcessResult process = Do("""
            - repeat:
                times: 3
                do:
                  - mmap: { region: 'r{i}', bytes: 8KiB }
                  - repeat: { times: 2, do: [ { touch: { region: 'r{i}' } }, { mkdir: '/g{i}{j}' } ] }
            - touch: { region: r3 }
            - rmdir: /g32
            """);
        process.Steps.Select(step => (step.Op, step.Requested, step.Done)).ShouldBe([("repeat", 3L, 3L), ("touch", 2L, 2L), ("rmdir", 1L, 1L)]);
        process.Steps[1].Passes![0].Hits.ShouldBe(2);
    }

    [Fact]
    public void RepeatEndsAtTheErrnoOfARound()
    {
        ProcessResult process = Do("- repeat: { times: 5, do: [ { mkdir: /same } ] }\n- exit: 0");
        (process.Steps[0].Done, process.Steps[0].Errno).ShouldBe((1, Errno.EEXIST));
        process.Steps.Count.ShouldBe(1);
    }

    [Fact]
    public void InterleaveTakesOneAccessOfEachInTurn()
    {
        ProcessResult process = Do("""
            - mmap: { region: a, bytes: 16KiB }
            - mmap: { region: b, bytes: 64KiB }
            - interleave: { count: 6, of: [ { touch: { region: a } }, { touch: { region: b } } ] }
            - touch: { region: a }
            - touch: { region: b }
            """);
        (process.Steps[2].Requested, process.Steps[2].Done).ShouldBe((6, 6));
        process.Steps[2].Passes.ShouldBeNull();
        process.Steps[3].Passes![0].Hits.ShouldBe(4);
        (process.Steps[4].Passes![0].Hits, process.Steps[4].Passes![0].Misses).ShouldBe((6, 10));
    }
}
