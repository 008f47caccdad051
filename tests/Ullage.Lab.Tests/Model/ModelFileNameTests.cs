using Ullage.Abi;
using Ullage.Lab.Results;
using Ullage.Lab.Scenarios;
using Ullage.Lab.Targets;
using Ullage.Lab.Targets.Model;

namespace Ullage.Lab.Tests.Model;

/// <summary>create_files and unlink_files on the model.</summary>
public sealed class ModelFileNameTests
{
    private static Scenario Scenario(string steps) => ModelRuns.Read("kernel: \"5.4\"\nname: files\ncgroup: { version: 1, groups: { /g: {} } }\n" +
        "processes:\n  - name: p\n    cgroup: /g\n    do:\n" + steps + "collect: [/proc/sys/fs/dentry-state, /sys/fs/cgroup/memory/g/memory.kmem.slabinfo]\n");

    [Fact]
    public void FilesAreMadeFoundAndRemoved()
    {
        RunResult result = ModelRuns.Run(Scenario("      - create_files: { dir: /data/many, count: 300 }\n      - unlink_files: { dir: /data/many, count: 200 }\n" +
            "      - stat_missing: { dir: /data/many, count: 200 }\n      - unlink_files: { dir: /data/many, count: 1, expect_errno: ENOENT }\n"), new ModelTarget(), null);
        result.Process("p").Steps.Select(step => (step.Done, step.Errno)).ShouldBe([(300L, Errno.None), (200L, Errno.None), (200L, Errno.None), (0L, Errno.ENOENT)]);
        result.Files.Single(file => file.Key == "/proc/sys/fs/dentry-state").Value.Split('\t')[4].ShouldBe("200");
        result.Files.Single(file => file.Key.EndsWith("slabinfo")).Value.ShouldContain("ext4_inode_cache");
    }

    [Theory]
    [InlineData("create_files: { dir: /data, count: 3, bytes: 4096 }", "create_files with bytes")]
    [InlineData("create_files: { dir: /dev/shm/x, count: 3 }", "create_files on a RAM file system")]
    public void WhatNeedsThePageCacheIsRefusedBeforeAnythingRuns(string step, string what)
    {
        TargetUnavailableException refused = Should.Throw<TargetUnavailableException>(() => ModelRuns.Run(Scenario($"      - {step}\n"), new ModelTarget(), null));
        (refused.ExitCode, refused.Message).ShouldBe((4, $"not supported by this version: {what} (line 8, process p): take the step out, or run it with --on host"));
    }
}
