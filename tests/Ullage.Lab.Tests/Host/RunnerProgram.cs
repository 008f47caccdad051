using Ullage.Lab.Scenarios;

namespace Ullage.Lab.Tests.Host;

/// <summary>What the test assembly does when it is started as a program: one endless run on the host, to be killed.</summary>
internal static class RunnerProgram
{
    internal static Scenario Endless => HostScenarios.AnonOom("100M") with
    {
        Cgroup = HostScenarios.Groups(new GroupSpec { Path = "/000" }, new GroupSpec { Path = "/000/inner" }),
        Files = [new FileSpec("/data/file", 4096)],
        Processes =
        [
            new ProcessSpec
            {
                Name = "holder", Cgroup = "/000/inner", Count = 2,
                Do = [new GrowOperation(8 << 20, 1 << 20, null), new ForkOperation("child", null, [new PauseOperation()]), new SleepOperation(600_000_000_000)],
            },
        ],
        StopAfterNs = 600_000_000_000,
    };

    private static int Main(string[] args)
    {
        if (args is ["run-endless"])
        {
            HostScenarios.Run(Endless);
        }
        return 0;
    }
}
