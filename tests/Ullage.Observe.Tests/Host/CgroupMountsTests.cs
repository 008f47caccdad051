using Ullage.Observe.Host;

namespace Ullage.Observe.Tests.Host;

public sealed class CgroupMountsTests
{
    [Fact]
    public void FindOnV1SnapshotFindsTheHierarchyAndTheGroupOfAProcess()
    {
        CgroupMounts mounts = CgroupMounts.Find(Fixtures.Snapshot("4.15-v1/pressure"));
        mounts.Mode.ShouldBe(CgroupMode.V1);
        mounts.Memory.ShouldNotBeNull().MountPoint.ShouldBe("/sys/fs/cgroup/memory");
        mounts.Memory.Version.ShouldBe(1);
        mounts.OwnCgroup(out string why).ShouldBe(Own("4.15-v1/pressure"));
        why.ShouldBeEmpty();
    }

    [Fact]
    public void FindOnV2SnapshotFindsTheUnifiedHierarchy()
    {
        CgroupMounts mounts = CgroupMounts.Find(Fixtures.Snapshot("6.1-v2/pressure"));
        mounts.Mode.ShouldBe(CgroupMode.V2);
        mounts.Memory.ShouldNotBeNull().Version.ShouldBe(2);
        mounts.Memory.Controllers.ShouldContain("memory");
        mounts.OwnCgroup(out _).ShouldBe("/gt/work/batch");
    }

    [Theory]
    [InlineData("/gt/work/web")]
    [InlineData("gt/work/web")]
    [InlineData("web/")]
    [InlineData("/sys/fs/cgroup/gt/work/web/")]
    public void ResolveTakesEveryWayToNameAGroup(string argument)
    {
        TextFiles files = new()
        {
            ["/proc/self/mountinfo"] = "34 25 0:28 / /sys/fs/cgroup rw - cgroup2 none rw\n",
            ["/sys/fs/cgroup/cgroup.controllers"] = "cpu memory pids\n",
            ["/proc/self/cgroup"] = "0::/gt/work\n",
            ["/sys/fs/cgroup/gt/work/web/memory.current"] = "0\n",
        };
        CgroupLocation? found = CgroupMounts.Find(files).Resolve(argument, out string why);
        why.ShouldBeEmpty();
        found.ShouldBe(new CgroupLocation(2, "/gt/work/web", "/sys/fs/cgroup/gt/work/web"));
    }

    [Theory]
    [InlineData("/gt/./work/../work/web", "/gt/work/web")]
    [InlineData("/gt/work/web/../..", "/gt")]
    [InlineData("//gt/work//", "/gt/work")]
    [InlineData("/sys/fs/cgroup//gt/./work", "/gt/work")]
    [InlineData("../..", "/")]
    [InlineData("..", "/gt")]
    [InlineData(".", "/")]
    [InlineData("/../..", "/")]
    public void ResolveGivesOnePathOfManySpellings(string argument, string path)
    {
        TextFiles files = new()
        {
            ["/proc/self/mountinfo"] = "34 25 0:28 / /sys/fs/cgroup rw - cgroup2 none rw\n",
            ["/sys/fs/cgroup/cgroup.controllers"] = "cpu memory pids\n",
            ["/proc/self/cgroup"] = "0::/gt/work\n",
            ["/sys/fs/cgroup/gt/work/web/memory.current"] = "0\n",
        };
        CgroupLocation? found = CgroupMounts.Find(files).Resolve(argument, out string why);
        why.ShouldBeEmpty();
        found.ShouldBe(new CgroupLocation(2, path, ("/sys/fs/cgroup" + path).TrimEnd('/')));
    }

    [Fact]
    public void ResolveUnknownGroupNamesDirectoryErrnoAndRemedy()
    {
        CgroupMounts.Find(Fixtures.Snapshot("6.1-v2/pressure")).Resolve("/gt/none", out string why).ShouldBeNull();
        why.ShouldBe("/sys/fs/cgroup/gt/none: ENOENT: there is no such cgroup; list them with: find /sys/fs/cgroup -type d");
    }

    [Theory]
    [InlineData("/", "/cg", "/", "/cg")]
    [InlineData("/", "/cg", "/a/b", "/cg/a/b")]
    [InlineData("/docker/1", "/cg", "/docker/1", "/cg")]
    [InlineData("/docker/1", "/cg", "/docker/1/x", "/cg/x")]
    [InlineData("/../..", "/cg", "/../../x", "/cg/x")]
    public void DirectoryOfAndPathOfAreInverse(string root, string mountPoint, string path, string directory)
    {
        CgroupMount mount = new(1, root, mountPoint, ["memory"]);
        mount.DirectoryOf(path).ShouldBe(directory);
        mount.PathOf(directory).ShouldBe(path);
    }

    [Theory]
    [InlineData("/docker/1", "/docker/12")]
    [InlineData("/docker/1", "/")]
    [InlineData("/", "/../x")]
    public void DirectoryOfGroupOutsideOfTheMountIsNull(string root, string path) =>
        new CgroupMount(1, root, "/cg", ["memory"]).DirectoryOf(path).ShouldBeNull();

    [Fact]
    public void PathOfDirectoryThatOnlyBeginsAlikeIsNull() => new CgroupMount(1, "/", "/cg", ["memory"]).PathOf("/cgx/a").ShouldBeNull();

    [Fact]
    public void FindOnHybridHostPrefersTheHierarchyWithMemoryAndTheMountThatShowsMost()
    {
        TextFiles files = new()
        {
            ["/proc/self/mountinfo"] = """
                30 23 0:26 /docker/1 /my\040cg rw - cgroup cgroup rw,memory
                33 32 0:27 / /sys/fs/cgroup/memory rw shared:1 master:2 - cgroup none rw,memory
                34 32 0:28 / /sys/fs/cgroup/unified rw - cgroup2 none rw
                not a mount
                """,
            ["/sys/fs/cgroup/unified/cgroup.controllers"] = "\n",
            ["/proc/7/cgroup"] = "4:cpu,memory:/x\n0::/y\n",
        };
        CgroupMounts mounts = CgroupMounts.Find(files);
        mounts.Mode.ShouldBe(CgroupMode.Hybrid);
        mounts.Mounts[0].MountPoint.ShouldBe("/my cg");
        mounts.Memory.ShouldBe(mounts.Mounts[1]);
        mounts.CgroupOf(7, out _).ShouldBe("/x");
        mounts.CgroupOf(8, out string why).ShouldBeNull();
        why.ShouldContain("/proc/8/cgroup: ENOENT");
    }

    [Theory]
    [InlineData("", "no cgroup file system is mounted")]
    [InlineData("34 25 0:28 / /sys/fs/cgroup rw - cgroup2 none rw\n", "/sys/fs/cgroup/cgroup.controllers does not list memory")]
    [InlineData("33 32 0:27 / /cg/cpu rw - cgroup none rw,cpu\n", "mount -t cgroup -o memory")]
    public void FindWithoutControllerSaysWhatToDo(string mountinfo, string says)
    {
        CgroupMounts mounts = CgroupMounts.Find(new TextFiles { ["/proc/self/mountinfo"] = mountinfo });
        mounts.Memory.ShouldBeNull();
        mounts.WhyNoMemory.ShouldContain(says);
    }

    [Fact]
    public void FindWithControllerSwitchedOffSaysSo()
    {
        TextFiles files = new()
        {
            ["/proc/self/mountinfo"] = "34 25 0:28 / /sys/fs/cgroup rw - cgroup2 none rw\n",
            ["/proc/cgroups"] = "#subsys_name\thierarchy\tnum_cgroups\tenabled\nmemory\t0\t1\t0\n",
        };
        CgroupMounts.Find(files).WhyNoMemory.ShouldContain("switched off");
    }

    private static string Own(string snapshot) =>
        Fixtures.Snapshot(snapshot).Read("/proc/self/cgroup").Text.Split('\n').Select(line => line.Split(':')).First(parts => parts[1] == "memory")[2];
}
