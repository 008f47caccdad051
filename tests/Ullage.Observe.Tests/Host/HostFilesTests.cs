using Ullage.Abi;
using Ullage.Observe.Host;

namespace Ullage.Observe.Tests.Host;

public sealed class HostFilesTests
{
    [Fact]
    public void ReadGivesBytesOrTheRealErrno()
    {
        HostFiles host = new();
        host.Read("/proc/self/stat").Text.ShouldStartWith(Environment.ProcessId + " (");
        host.Read("/proc/none").Errno.ShouldBe(Errno.ENOENT);
        host.Read("/proc").Errno.ShouldBe(Errno.EISDIR);
        host.Read("/proc/self/stat/x").Errno.ShouldBe(Errno.ENOTDIR);
    }

    [Fact]
    public void ReadOfALongFileGrowsTheBuffer()
    {
        string path = Path.GetTempFileName();
        try
        {
            string text = string.Concat(Enumerable.Range(0, 40_000).Select(i => i + "\n"));
            File.WriteAllText(path, text);
            new HostFiles().Read(path).Text.ShouldBe(text);
            using KeptFile kept = new HostFiles().Keep(path);
            kept.Read(out ReadOnlySpan<byte> first).ShouldBe(Errno.None);
            first.Length.ShouldBe(text.Length);
            File.WriteAllText(path, "short");
            kept.Read(out ReadOnlySpan<byte> second).ShouldBe(Errno.None);
            System.Text.Encoding.UTF8.GetString(second).ShouldBe("short");
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void SnapshotIsReadBelowItsRootAndNeverWritten()
    {
        HostFiles snapshot = Fixtures.Snapshot("6.1-v2/pressure");
        snapshot.Read("/proc/meminfo").Text.ShouldStartWith("MemTotal:");
        snapshot.Write("/sys/fs/cgroup/gt/memory.max", "1").ShouldBe(Errno.EROFS);
        snapshot.MakeDirectory("/sys/fs/cgroup/new").ShouldBe(Errno.EROFS);
        snapshot.List("/sys/fs/cgroup/gt").Names.ShouldContain("work/");
        snapshot.List("/sys/fs/cgroup/gt").Names.ShouldContain("memory.max");
        snapshot.List("/none").Errno.ShouldBe(Errno.ENOENT);
    }

    [Fact]
    public void InodeTellsDirectoriesApart()
    {
        HostFiles host = new();
        host.Inode("/proc").ShouldNotBe(host.Inode("/tmp"));
        host.Inode("/proc/none").ShouldBeNull();
    }
}
