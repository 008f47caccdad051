using Ullage.Abi;
using Ullage.Lab.Results;

namespace Ullage.Lab.Tests.Model;

/// <summary>Operations on address spaces, as scenarios write them.</summary>
public sealed class ModelSpaceTests
{
    public static IEnumerable<object[]> Eras => ModelRuns.Eras;

    private static string Scenario(string steps, string more = "") => $"{{name: t, cgroup: {{version: 2, groups: {{/a: {{}}}}}}, {more} processes: [{{name: p, cgroup: /a, do: [{steps}]}}]}}";

    private static StepResult[] Steps(string steps, string era = "6.18", string more = "") => [.. ModelRuns.Run(Scenario(steps, more), era).Process("p").Steps];

    [Theory, MemberData(nameof(Eras))]
    public void SharedMemoryIsSharedWithAChild(string era)
    {
        string yaml = "{name: t, stop: {after: 1s}, cgroup: {version: 2, groups: {/a: {}}}, collect: [/sys/fs/cgroup/a/memory.stat], processes: [{name: p, cgroup: /a, do: "
            + "[{mmap: {region: r, bytes: 1M, kind: shared}}, {fork: {name: c, do: [{touch: {region: r, write: true}}]}}, wait, {touch: {region: r, write: true}}, pause]}]}";
        (RunResult result, _) = ModelRuns.RunAndKeep(yaml, era);
        result.Process("p").Steps[3].Done.ShouldBe(256);
        result.Process("c").ExitCode.ShouldBe(0);
    }

    [Fact]
    public void PopulatedMemoryIsThereBeforeItIsTouched()
    {
        StepResult[] steps = Steps("{mmap: {region: r, bytes: 1M, populate: true}}, {touch: {region: r, write: true}}");
        steps[1].Passes.ShouldNotBeNull()[0].Hits.ShouldBe(256);
    }

    [Fact]
    public void BrkCountsBytesAndRefusesWhatDoesNotFit()
    {
        StepResult[] steps = Steps("{brk: 1M}, {brk: -512K}, {brk: {bytes: 1024T, until: done}}, {brk: -1G}", more: "");
        steps[0].Done.ShouldBe(1 << 20);
        steps[1].Done.ShouldBe(-(512 << 10));
        steps[2].Errno.ShouldBe(Errno.ENOMEM);
        steps[3].Errno.ShouldBe(Errno.ENOMEM, "below the heap's start");
    }

    [Fact]
    public void MremapKeepsWhatWasTouched()
    {
        StepResult[] steps = Steps("{mmap: {region: r, bytes: 1M}}, {touch: {region: r, write: true}}, {mmap: {region: q, bytes: 4K, prot: none}}, {mremap: {region: r, bytes: 2M}}, {touch: {region: r, write: true}}");
        steps[3].Errno.ShouldBe(Errno.None);
        steps[4].Passes.ShouldNotBeNull()[0].Hits.ShouldBe(256);
        steps[4].Done.ShouldBe(512);
    }

    [Theory, MemberData(nameof(Eras))]
    public void ExecStartsOverAndGoesOnWithTheList(string era)
    {
        StepResult[] steps = Steps("{mmap: {region: r, bytes: 10M}}, {touch: {region: r, write: true}}, {exec: second}, {mmap: {region: r, bytes: 1M}}, {touch: {region: r, write: true}}", era);
        steps.Length.ShouldBe(5);
        steps[2].Errno.ShouldBe(Errno.None);
        steps[4].Done.ShouldBe(256);
    }

    [Theory, MemberData(nameof(Eras))]
    public void MadviseFreeSaysWhatTheEraSays(string era)
    {
        StepResult[] steps = Steps("{mmap: {region: r, bytes: 1M}}, {madvise: {region: r, advice: willneed}}, {madvise: {region: r, advice: free}}", era);
        steps[1].Errno.ShouldBe(Errno.None);
        steps[2].Errno.ShouldBe(era == "4.1" ? Errno.EINVAL : Errno.None);
    }

    [Fact]
    public void MappingBeyondItsMemoryEndsInSigbus()
    {
        ProcessResult process = ModelRuns.Run(Scenario("{mmap: {region: r, bytes: 4K, kind: shared}}, {mremap: {region: r, bytes: 8K}}, {touch: {region: r, write: true}}"), "6.18").Process("p");
        process.Signal.ShouldBe("SIGBUS");
        process.Steps[2].Done.ShouldBe(1);
    }
}
