using Ullage.Abi;
using Ullage.Observe.Host;
using Ullage.Observe.Sampling;

namespace Ullage.Cli.Sources;

/// <summary>Opens what a <see cref="SourceRequest"/> asks for; throws with the reason when it cannot be had.</summary>
internal static class SampleSources
{
    public static ISampleSource Open(SourceRequest request, CliServices services) =>
        request.Scenario is null ? OpenHost(request, services.Time) : ScenarioSource.Start(request, services);

    private static SamplerSource OpenHost(SourceRequest request, TimeProvider time)
    {
        if (!Directory.Exists(request.Root))
        {
            throw CliException.NoData($"--root {request.Root}: {ErrnoNames.Describe(Errno.ENOENT)}: name a directory with proc and sys in it");
        }
        HostFiles files = new(request.Root);
        KernelRead mountinfo = files.Read("/proc/self/mountinfo");
        CgroupMounts mounts = CgroupMounts.Find(files);
        if (mounts.Memory is null && request.NeedsCgroups)
        {
            throw mountinfo.Ok ? new CliException(ExitCodes.FeatureAbsent, mounts.WhyNoMemory)
                : CliException.NoData($"{files.RealPath("/proc/self/mountinfo")}: {ErrnoNames.Describe(mountinfo.Errno)}: it says where the cgroups are mounted; mount proc there");
        }
        if (!request.NeedsCgroups && !files.Read("/proc/meminfo").Ok && !files.Read("/proc/vmstat").Ok)
        {
            throw CliException.NoData($"{files.RealPath("/proc")}: neither meminfo nor vmstat can be read: mount proc there, or name another --root");
        }
        string name = files.IsLive ? "this host" : request.Root;
        SampleSelection selection = new() { Path = Wanted(request, mounts)?.Path ?? mounts.Memory?.Root ?? "/", Depth = request.Depth };
        // A tree below --root may be a container's view of this kernel: only reading it again can tell.
        return new SamplerSource(name, files, mounts, selection, live: true, time);
    }

    /// <summary>Finds the cgroup that a person or a process means.</summary>
    public static CgroupLocation? Wanted(SourceRequest request, CgroupMounts mounts)
    {
        if (request.Pid is null && request.Cgroup is null)
        {
            return null;
        }
        if (mounts.Memory is null)
        {
            throw new CliException(ExitCodes.FeatureAbsent, mounts.WhyNoMemory);
        }
        CgroupLocation? found = request.Pid is int pid ? mounts.ResolvePid(pid, out string why) : mounts.Resolve(request.Cgroup!, out why);
        return found ?? throw CliException.NoData(why);
    }
}
