using Ullage.Abi;
using Ullage.Lab.Scenarios;
using Ullage.Model;
using Ullage.Model.AddressSpace.Malloc;
using Ullage.Model.Cgroups;
using Ullage.Model.Eras;

namespace Ullage.Lab.Targets.Model;

/// <summary>Makes the machine of a scenario: boots it, sets its sysctls, makes its cgroups.</summary>
internal static class ModelBoot
{
    private const int UsageError = 2;
    private const int Refused = 3;
    private const int NotThere = 4;
    private const string SubtreeControl = "cgroup.subtree_control";

    /// <summary>Words that the machine's complaints begin with, and the scenario's keys.</summary>
    private static readonly (string Word, string Key)[] Keys =
    [
        ("memory", "machine.memory"), ("cpus", "machine.cpus"), ("possible cpus", "machine.possible_cpus"), ("nodes", "machine.nodes"), ("hz", "machine.hz"),
        ("swap", "machine.swap"), ("cgroup version", "cgroup.version"),
    ];

    /// <summary>The era to model.</summary>
    public static KernelEra EraOf(Scenario scenario, RunOptions options)
    {
        string? name = options.Kernel ?? scenario.Kernel;
        if (name is null)
        {
            return KernelEras.Newest;
        }
        string source = options.Kernel is null ? "kernel" : "--kernel";
        return KernelEras.Find(name) ?? throw new TargetUnavailableException(
            $"{source}: there is no kernel {name} to model: choose one of {string.Join(", ", KernelEras.All.Select(era => era.Name))}", UsageError);
    }

    /// <summary>The machine, ready for its processes.</summary>
    public static Machine Make(Scenario scenario, RunOptions options, GlibcRules? glibc, Action<Machine>? onBooted)
    {
        Machine machine = Boot(scenario, options, glibc);
        onBooted?.Invoke(machine);
        foreach ((string name, string value) in scenario.Sysctl)
        {
            SetSysctl(machine, name, value);
        }
        foreach (GroupSpec group in scenario.Cgroup.Groups)
        {
            MakeGroup(machine, group);
        }
        return machine;
    }

    private static Machine Boot(Scenario scenario, RunOptions options, GlibcRules? glibc)
    {
        MachineSpec spec = scenario.Machine;
        try
        {
            return Machine.Boot(new MachineOptions
            {
                Era = EraOf(scenario, options),
                Glibc = glibc,
                MemoryBytes = spec.MemoryBytes,
                Cpus = spec.Cpus,
                PossibleCpus = spec.PossibleCpus ?? spec.Cpus,
                Nodes = spec.Nodes,
                SwapBytes = spec.SwapBytes,
                Hz = spec.Hz,
                CgroupVersion = scenario.Cgroup.Version,
                Seed = options.Seed,
            });
        }
        catch (ArgumentException refused)
        {
            string key = Array.Find(Keys, each => refused.Message.StartsWith(each.Word + " ", StringComparison.Ordinal)).Key ?? "machine";
            throw new TargetUnavailableException($"{key}: {refused.Message}", UsageError);
        }
    }

    private static void SetSysctl(Machine machine, string name, string value)
    {
        string path = "/proc/sys/" + name.Replace('.', '/');
        Errno errno = machine.Files.Write(path, value);
        if (errno != Errno.None)
        {
            bool there = Exists(machine, path);
            string why = there ? "it does not take this value; change it in the scenario" : $"the model of kernel {machine.Era.Name} lacks it; take it out of the scenario";
            throw new TargetUnavailableException($"sysctl {name} = {value}: {path}: {errno}: {why}", there ? Refused : NotThere);
        }
    }

    private static void MakeGroup(Machine machine, GroupSpec group)
    {
        Cgroup cgroup = machine.Hierarchy.Root;
        foreach (string name in group.Path.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            cgroup = cgroup.Child(name) ?? MakeChild(machine, cgroup, name);
        }
        foreach ((string file, string value) in group.Writes)
        {
            WriteControl(machine, cgroup, file, value);
        }
        foreach ((string cache, long objects) in group.Slabs)
        {
            PlaceSlabs(machine, cgroup, cache, objects);
        }
    }

    private static void PlaceSlabs(Machine machine, Cgroup cgroup, string cache, long objects)
    {
        string what = FormattableString.Invariant($"cgroup {cgroup.Path}: slabs: {cache}: {objects}");
        switch (machine.PlaceSlabs(cgroup, cache, objects))
        {
            case Errno.ENOENT:
                throw new TargetUnavailableException($"{what}: kernel {machine.Era.Name} has no slab cache {cache}: its caches are those of /proc/slabinfo", UsageError);
            case Errno.ENOMEM:
                throw new TargetUnavailableException($"{what}: ENOMEM: they do not fit into the cgroup's limits or the machine's memory; place fewer", Refused);
        }
    }

    private static Cgroup MakeChild(Machine machine, Cgroup parent, string name)
    {
        if (machine.Options.CgroupVersion == 2 && !parent.DistributesMemory)
        {
            WriteControl(machine, parent, SubtreeControl, "+memory");
        }
        string path = (parent.Parent is null ? "" : parent.Path) + "/" + name;
        Errno errno = machine.Hierarchy.Mkdir(path);
        return errno == Errno.None ? parent.Child(name)! : throw new TargetUnavailableException($"cgroup {path}: mkdir: {errno}: the cgroup cannot be made", Refused);
    }

    private static void WriteControl(Machine machine, Cgroup cgroup, string file, string value)
    {
        string path = machine.CgroupDirectory(cgroup) + "/" + file;
        Errno errno = machine.Files.Write(path, value);
        if (errno == Errno.None)
        {
            return;
        }
        string what = $"cgroup {cgroup.Path}: {file} = {value}: {path}: {errno}";
        throw Exists(machine, path)
            ? new TargetUnavailableException($"{what}: the kernel refuses the value; change it in the scenario", Refused)
            : new TargetUnavailableException(FormattableString.Invariant(
                $"{what}: kernel {machine.Era.Name} with cgroup v{machine.Options.CgroupVersion} does not have the file; take it out of the scenario, or choose another kernel"), NotThere);
    }

    /// <summary>Asked of the directory, because a file that is not there is refused with several errnos.</summary>
    private static bool Exists(Machine machine, string path)
    {
        int slash = path.LastIndexOf('/');
        return machine.Files.List(path[..slash]).Names.Contains(path[(slash + 1)..], StringComparer.Ordinal);
    }
}
