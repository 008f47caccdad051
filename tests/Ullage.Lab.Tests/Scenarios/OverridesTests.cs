using Ullage.Lab.Scenarios;

namespace Ullage.Lab.Tests.Scenarios;

public sealed class OverridesTests
{
    [Fact]
    public void ReadWithAnOverrideOfAPlainKeyChangesIt() => Read("machine.memory=8GiB").Machine.MemoryBytes.ShouldBe(8L << 30);

    [Fact]
    public void ReadWithAnOverrideOfAKeyThatIsNotThereAddsIt()
    {
        Read("kernel=5.10").Kernel.ShouldBe("5.10");
        Scenario bare = ScenarioReader.Read("name: n", "s.yaml", ["machine.disk.readahead=1M", "stop.after=5s", "sysctl.vm.swappiness=1"]).Scenario.ShouldNotBeNull();
        (bare.Machine.Disk.ReadaheadBytes, bare.StopAfterNs).ShouldBe((1L << 20, 5_000_000_000));
        bare.Sysctl.ShouldBe([new("vm.swappiness", "1")]);
    }

    [Fact]
    public void ReadWithAnOverrideOfAControlFileFindsTheGroupByItsPath()
    {
        Read("cgroup.groups./000.memory.limit_in_bytes=50M").Cgroup.Groups[0].Writes.ShouldContain(new KeyValuePair<string, string>("memory.limit_in_bytes", "50M"));
        Read("cgroup.groups./000.memory.max=50M").Cgroup.Groups[0].Writes[^1].ShouldBe(new("memory.max", "50M"));
        Read("cgroup.groups./000/a.memory.max=50M").Cgroup.Groups[1].Writes.ShouldBe([new("memory.max", "50M")]);
        Read("cgroup.groups./000.slabs.dentry=5").Cgroup.Groups[0].Slabs[^1].ShouldBe(new("dentry", 5));
    }

    [Fact]
    public void ReadWithAnOverrideOfAGroupWithADotTakesTheLongestKey()
    {
        const string Yaml = "name: n\ncgroup:\n  groups:\n    /a: {}\n    /a.slice: {}\n";
        Scenario scenario = ScenarioReader.Read(Yaml, "s.yaml", ["cgroup.groups./a.slice.memory.max=1M", "cgroup.groups./a.memory.max=2M"]).Scenario.ShouldNotBeNull();
        scenario.Cgroup.Groups[0].Writes.ShouldBe([new("memory.max", "2M")]);
        scenario.Cgroup.Groups[1].Writes.ShouldBe([new("memory.max", "1M")]);
    }

    [Fact]
    public void ReadWithAnOverrideOfAProcessFindsItByNumberAndByName()
    {
        Read("processes.0.cgroup=/000/a").Processes[0].Cgroup.ShouldBe("/000/a");
        Read("processes.perl.cgroup=/000/a").Processes[0].Cgroup.ShouldBe("/000/a");
        Read("processes.perl.rlimits.as=5G").Processes[0].Rlimits.As.ShouldBe(5L << 30);
    }

    [Fact]
    public void ReadWithAnOverrideOfAShortOperationSpellsItOut()
    {
        GrowOperation grow = Read("processes.0.do.0.grow.chunk=8K").Processes[0].Do[0].ShouldBeOfType<GrowOperation>();
        (grow.Bytes, grow.ChunkBytes).ShouldBe((100L << 20, 8192));
        Read("processes.0.do.0.grow.bytes=200M").Processes[0].Do[0].ShouldBeOfType<GrowOperation>().Bytes.ShouldBe(200L << 20);
        Read("processes.0.do.0.grow=300M").Processes[0].Do[0].ShouldBeOfType<GrowOperation>().Bytes.ShouldBe(300L << 20);
        Read("processes.0.do.0=pause").Processes[0].Do[0].ShouldBeOfType<PauseOperation>();
    }

    [Fact]
    public void ReadWithAnOverrideInBracketsTakesItAsYaml()
    {
        Read("expect=[]").Expect.ShouldBeEmpty();
        Read("processes.0.do.0={ sleep: 1s }").Processes[0].Do[0].ShouldBeOfType<SleepOperation>().Ns.ShouldBe(1_000_000_000);
        Read("files./data/big=1M").Files[0].Bytes.ShouldBe(1L << 20);
    }

    [Fact]
    public void ReadWithTwoOverridesTakesThemInOrder() =>
        ScenarioReader.Read(ScenarioReaderTests.Everything, "s.yaml", ["machine.cpus=1", "machine.cpus=2"]).Scenario!.Machine.Cpus.ShouldBe(2);

    [Fact]
    public void ReadWithAnEmptyOverrideWritesAnEmptyText() =>
        Read("cgroup.groups./000.memory.limit_in_bytes=").Cgroup.Groups[0].Writes[1].ShouldBe(new("memory.limit_in_bytes", ""));

    private static Scenario Read(string argument)
    {
        ScenarioReadResult result = ScenarioReader.Read(ScenarioReaderTests.Everything, "s.yaml", [argument]);
        result.Problems.ShouldBeEmpty();
        return result.Scenario!;
    }
}
