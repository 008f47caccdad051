using Ullage.Abi;
using Ullage.Lab.Results;
using Ullage.Lab.Targets.Model;
using Ullage.Model.AddressSpace.Malloc;

namespace Ullage.Lab.Tests.Model;

/// <summary><c>malloc</c> and <c>free</c> of scenarios, from the file to the pages.</summary>
public sealed class ModelMallocTests
{
    private const string Limited =
        """
        name: m
        cgroup: { version: 1, groups: { /g: { memory.limit_in_bytes: 20M } } }
        processes:
          - name: p
            cgroup: /g
            do: [STEPS]
        collect: [/sys/fs/cgroup/memory/g/memory.max_usage_in_bytes, /sys/fs/cgroup/memory/g/memory.usage_in_bytes]
        """;

    private static (ProcessResult Process, long Peak) Run(string steps, string kernel)
    {
        (RunResult result, _) = ModelRuns.RunAndKeep(Limited.Replace("STEPS", steps, StringComparison.Ordinal), kernel);
        return (result.Process("p"), long.Parse(result.Files[0].Value, System.Globalization.CultureInfo.InvariantCulture));
    }

    [Theory, MemberData(nameof(ModelRuns.Eras), MemberType = typeof(ModelRuns))]
    public void MallocIsKilledAtTheWriteNotAtTheCall(string era)
    {
        (ProcessResult process, _) = Run(
            "{malloc: { bytes: 1MiB, count: 100, touch: false, name: a }}, {malloc: { bytes: 1MiB, count: 100, name: b }}", era);
        process.OomKilled.ShouldBeTrue();
        process.Steps[0].Done.ShouldBe(100);
        process.Steps[0].Errno.ShouldBe(Errno.None);
        process.Steps[1].Done.ShouldBeInRange(18, 20);
    }

    [Fact]
    public void MallocWithoutTouchCostsThePagesOfItsHeaders()
    {
        (ProcessResult process, long peak) = Run("{malloc: { bytes: 1MiB, count: 200, touch: false, name: a }}", "6.12");
        process.Steps[0].Done.ShouldBe(200);
        (peak / 4096).ShouldBeInRange(200, 200 + 180, "a page of each mapping, and page tables");
    }

    [Fact]
    public void FreeGivesMemoryBackSoThatItCanBeHadAgain()
    {
        (ProcessResult process, _) = Run(string.Join(", ", Enumerable.Repeat("{malloc: { bytes: 1MiB, count: 15, name: a }}, {free: a}", 5)), "5.4");
        process.OomKilled.ShouldBeFalse();
        process.Steps.Count.ShouldBe(10);
        process.Steps.Where(step => step.Op == "malloc").ShouldAllBe(step => step.Done == 15);
    }

    [Fact]
    public void MallocOfSmallChunksUsesWhatItWasGiven()
    {
        (ProcessResult process, long peak) = Run("{malloc: { bytes: 100, count: 50000, name: a }}", "6.12");
        process.Steps[0].Done.ShouldBe(50_000);
        (peak >> 12).ShouldBeInRange(50_000 * 112 / 4096, (50_000 * 112 / 4096) + 80);
    }

    [Fact]
    public void MallocAnswersNullAtALimitOfAddressSpace()
    {
        RunResult result = ModelRuns.Run(
            """
            name: m
            processes:
              - name: p
                rlimits: { as: 64MiB }
                do: [{malloc: { bytes: 100000, count: 10000, name: a, expect_errno: ENOMEM }}, {free: a}, {malloc: { bytes: 100000, count: 300, name: b }}]
            """, "6.12");
        StepResult[] steps = [.. result.Process("p").Steps];
        steps[0].Errno.ShouldBe(Errno.ENOMEM);
        steps[0].Done.ShouldBeInRange(600, 655);
        steps[2].Done.ShouldBe(300);
    }

    [Fact]
    public void ForkedChildFreesWhatItsParentAllocated()
    {
        (RunResult result, Ullage.Model.Machine machine) = ModelRuns.RunAndKeep(
            """
            name: m
            processes:
              - name: p
                do:
                  - malloc: { bytes: 1MiB, count: 4, name: a }
                  - fork: { name: c, do: [{free: a}, {malloc: { bytes: 1MiB, count: 4, name: b }}] }
                  - wait
                  - free: a
                  - exec: q
                  - malloc: { bytes: 10, count: 3, name: d }
            """, "6.12");
        result.Process("c").Steps[1].Done.ShouldBe(4);
        result.Process("p").Steps[^1].Done.ShouldBe(3);
        result.Processes.ShouldAllBe(process => process.State == "exited" && process.ExitCode == 0);
        machine.ShouldNotBeNull();
    }

    [Fact]
    public void GlibcOfTheTargetGoesBeforeTheKernels()
    {
        const string steps =
            """
            name: m
            sysctl: { vm.overcommit_memory: 0 }
            processes:
              - name: p
                rlimits: { as: 16MiB }
                do: [{malloc: { bytes: 24, count: 1, name: a }}]
            """;
        Ullage.Model.Machine? machine = null;
        ModelRuns.Run(ModelRuns.Read(steps), new ModelTarget { Glibc = GlibcReleases.V2_22, OnBooted = booted => machine = booted }, "6.18");
        machine.ShouldNotBeNull().Options.Glibc.ShouldBe(GlibcReleases.V2_22);
    }
}
