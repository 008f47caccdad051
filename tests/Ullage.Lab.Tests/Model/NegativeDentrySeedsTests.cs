using System.Globalization;
using Ullage.Lab.Results;

namespace Ullage.Lab.Tests.Model;

/// <summary>Names that do not exist under a limit: whether memory comes back in time hangs on grace periods, and so on chance. No measured kernel before 6.18 ever failed at 50 MiB.</summary>
public sealed class NegativeDentrySeedsTests
{
    [Theory]
    [InlineData("4.15")]
    [InlineData("4.19")]
    [InlineData("5.4")]
    [InlineData("5.10")]
    public void StatMissingUnderFiftyMebibytesFailsWithNoSeed(string kernel)
    {
        for (ulong seed = 1; seed <= 4; seed++)
        {
            RunResult result = ModelRuns.Run(
                """
                name: names
                description: missing names
                machine: { memory: 1GiB, cpus: 2 }
                cgroup: { version: 1, groups: { /g: { memory.limit_in_bytes: 50M, memory.kmem.limit_in_bytes: 1G } } }
                processes: [ { name: finder, cgroup: /g, do: [ { stat_missing: { dir: /data/neg, count: 2000000 } } ] } ]
                collect: [ /sys/fs/cgroup/memory/g/memory.oom_control ]
                """,
                kernel, seed);
            string name = string.Create(CultureInfo.InvariantCulture, $"{kernel}, seed {seed}");
            result.Processes[0].OomKilled.ShouldBeFalse(name);
            result.Processes[0].Steps[0].Done.ShouldBe(2_000_000, name);
        }
    }
}
