using Ullage.Observe.Diagnosis;
using Ullage.Observe.Host;
using Xunit.Abstractions;

namespace Ullage.Observe.Tests.Diagnosis;

public sealed class DoctorTests(ITestOutputHelper output)
{
    [Fact]
    public void ExamineThisHostAnswersEveryCheckAndLeavesNoCgroup()
    {
        IReadOnlyList<DoctorCheck> checks = Doctor.Examine(new HostFiles());
        foreach (DoctorCheck check in checks)
        {
            output.WriteLine($"{check.State,-8} {check.Name}: {check.Found} | {check.Lost} | {check.Remedy}");
        }
        checks.Select(check => check.Name).Distinct().Count().ShouldBe(21);
        checks.ShouldAllBe(check => check.Found.Length > 0);
        CgroupMounts mounts = CgroupMounts.Find(new HostFiles());
        if (mounts.Memory is CgroupMount memory)
        {
            Directory.EnumerateDirectories(memory.MountPoint, FormattableString.Invariant($"ullage-doctor-{Environment.ProcessId}-*")).ShouldBeEmpty();
        }
    }

    [Fact]
    public void ExamineASnapshotSaysWhatItCannotKnow()
    {
        IReadOnlyList<DoctorCheck> checks = Doctor.Examine(Fixtures.Snapshot("4.15-v1/pressure"));
        checks.Single(check => check.Name == "kernel").Found.ShouldBe("4.15.0-20-generic, modelled as era 4.15");
        checks.Single(check => check.Name == "memory controller").Found.ShouldBe("cgroup v1 at /sys/fs/cgroup/memory");
        checks.Single(check => check.Name == "create a cgroup").State.ShouldBe(DoctorState.Missing);
        DoctorCheck psi = checks.Single(check => check.Name == "PSI");
        psi.State.ShouldBe(DoctorState.Missing);
        psi.Found.ShouldBe("/proc/pressure/memory: ENOENT");
        psi.Remedy.ShouldContain("psi=1");
    }

    [Fact]
    public void ExamineWithMultiGenLruOnSaysWhatThatMeansForAgreement()
    {
        DoctorCheck Lru(string? enabled)
        {
            string root = Directory.CreateTempSubdirectory("ullage-doctor-").FullName;
            try
            {
                if (enabled is not null)
                {
                    Directory.CreateDirectory(root + "/sys/kernel/mm/lru_gen");
                    File.WriteAllText(root + "/sys/kernel/mm/lru_gen/enabled", enabled);
                }
                return Doctor.Examine(new HostFiles(root)).Single(check => check.Name == "LRU");
            }
            finally
            {
                Directory.Delete(root, recursive: true);
            }
        }
        Lru("0x0007\n").State.ShouldBe(DoctorState.Limited);
        Lru("0x0007\n").Lost.ShouldContain("within about 2 points");
        Lru("0x0007\n").Remedy.ShouldContain("echo n > /sys/kernel/mm/lru_gen/enabled");
        Lru("0x0000\n").State.ShouldBe(DoctorState.Ok);
        Lru("0x0006\n").State.ShouldBe(DoctorState.Ok, "bit 0 is the switch, the others are optimisations of it");
        Lru(null).Found.ShouldStartWith("classic: no multi-gen LRU");
    }

    [Theory]
    [InlineData("4.15-v1/pressure", "hierarchy", DoctorState.Limited)]
    [InlineData("4.15-v1/pressure", "pressure of cgroups", DoctorState.Missing)]
    [InlineData("6.1-v2/pressure", "pressure of cgroups", DoctorState.Ok)]
    [InlineData("6.1-v2/pressure", "dying cgroups", DoctorState.Limited)]
    [InlineData("6.1-v2/pressure", "kernel memory", DoctorState.Ok)]
    public void ExamineASnapshotLooksAtItsCgroups(string snapshot, string name, DoctorState expected)
    {
        DoctorCheck check = Doctor.Examine(Fixtures.Snapshot(snapshot)).Single(each => each.Name == name);
        check.State.ShouldBe(expected, check.Found);
    }

    [Theory]
    [InlineData("6.18.44", "6.18", true)]
    [InlineData("6.6.1-arch", "6.1", false)]
    [InlineData("5.3.0", "5.3", true)]
    [InlineData("7.2.12", "6.18", false)]
    [InlineData("3.10.0", null, false)]
    [InlineData("next", null, false)]
    public void NearestEraIsTheNewestThatIsNotNewer(string release, string? era, bool exact)
    {
        ModelledEras.Nearest(release, out bool found).ShouldBe(era);
        found.ShouldBe(exact);
    }
}
