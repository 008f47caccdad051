using System.Collections.Immutable;
using Ullage.Abi;
using Ullage.Lab.Scenarios.Reading;
using Ullage.Model;
using Ullage.Model.Eras;

namespace Ullage.Lab.Targets.Model;

/// <summary>The names of control files and sysctls over all modelled kernels, to tell a misspelt name from one of another kernel.</summary>
internal static class ModelNames
{
    private const string Sysctls = "/proc/sys";

    /// <summary>True when a control file of either cgroup version has this name in some kernel, or in the machine at hand.</summary>
    public static bool IsKnown(Machine machine, string file) =>
        FilesHere(machine).Contains(file, StringComparer.Ordinal) || KernelEras.All.Any(era => Has(era, 1, file) || Has(era, 2, file));

    /// <summary>Where a file that the machine at hand lacks is to be found: <c>4.1 to 5.10 have it</c>, <c>it is one of cgroup v2</c>.</summary>
    public static string WhereKnown(Machine machine, string file)
    {
        int version = machine.Options.CgroupVersion;
        ImmutableArray<KernelEra> having = [.. KernelEras.All.Where(era => Has(era, version, file))];
        if (having.IsEmpty)
        {
            return FormattableString.Invariant($"it is one of cgroup v{3 - version}");
        }
        if (version == 1 && file.StartsWith("cpuset.", StringComparison.Ordinal))
        {
            return "because no cpuset is mounted with memory: say cgroup.hierarchies: ['cpuset,memory']";
        }
        if (having.Contains(machine.Era))
        {
            return "though other cgroups have it";
        }
        int first = KernelEras.All.IndexOf(having[0]);
        bool row = having.Length > 1 && KernelEras.All[first + having.Length - 1] == having[^1];
        return row ? $"{having[0].Name} to {having[^1].Name} have it" : $"kernel {string.Join(", ", having.Select(era => era.Name))} has it";
    }

    /// <summary>The name that was probably meant; null when none is near.</summary>
    public static string? NearestControlFile(Machine machine, string file)
    {
        int version = machine.Options.CgroupVersion;
        return Nearest.Of(file, FilesHere(machine).Concat(KernelEras.All.Reverse().SelectMany(era => Files(era, version))));
    }

    /// <summary>The sysctl that was probably meant, of those that the model has; null when none is near.</summary>
    public static string? NearestSysctl(Machine machine, string name)
    {
        List<string> names = [];
        Collect(machine.Files, Sysctls, names);
        return Nearest.Of(name, names);
    }

    /// <summary>True for a path in the cgroup file system of the machine.</summary>
    public static bool IsControlFile(Machine machine, string path) =>
        path.StartsWith(machine.CgroupDirectory(machine.Hierarchy.Root).TrimEnd('/') + "/", StringComparison.Ordinal);

    private static void Collect(IKernelFiles files, string directory, List<string> names)
    {
        foreach (string name in files.List(directory).Names)
        {
            string path = directory + "/" + name.TrimEnd('/');
            if (name.EndsWith('/'))
            {
                Collect(files, path, names);
            }
            else
            {
                names.Add(path[(Sysctls.Length + 1)..].Replace('/', '.'));
            }
        }
    }

    // The root has some files that groups lack, and the other way round.
    private static IEnumerable<string> FilesHere(Machine machine)
    {
        string root = machine.CgroupDirectory(machine.Hierarchy.Root);
        IReadOnlyList<string> names = machine.Files.List(root).Names;
        string? child = names.FirstOrDefault(name => name.EndsWith('/'));
        return names.Concat(child is null ? [] : machine.Files.List(root.TrimEnd('/') + "/" + child.TrimEnd('/')).Names).Where(name => !name.EndsWith('/'));
    }

    private static bool Has(KernelEra era, int version, string file) => Files(era, version).Contains(file, StringComparer.Ordinal);

    private static IEnumerable<string> Files(KernelEra era, int version) => version == 1
        ? era.Cgroups.V1Files.Concat(era.Cgroups.V1CpusetFiles)
        : era.Cgroups.V2Files.Concat(era.Cgroups.V2CoreFiles).Concat(era.Cgroups.V2CpusetFiles).Concat(PressureFiles(era));

    private static IEnumerable<string> PressureFiles(KernelEra era)
    {
        if (!era.Pressure.Exists)
        {
            return [];
        }
        string[] everywhere = ["cpu.pressure", "io.pressure", "memory.pressure"];
        return era.Pressure.CgroupSwitch ? [.. everywhere, "cgroup.pressure", "irq.pressure"] : everywhere;
    }
}
