using Ullage.Abi;
using Ullage.Lab.Scenarios;
using Ullage.Lab.Scenarios.Reading;
using Ullage.Model;
using Ullage.Model.AddressSpace.Malloc;
using Ullage.Model.Cgroups;
using Ullage.Model.Eras;

namespace Ullage.Lab.Targets.Model;

/// <summary>What a program may choose that a scenario cannot say; null = as it comes.</summary>
/// <param name="Glibc">The C library.</param>
/// <param name="Costs">How long things take.</param>
internal sealed record ModelChoices(GlibcRules? Glibc, MachineCosts? Costs);

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
        ("swap", "machine.swap"), ("cgroup version", "cgroup.version"), ("cgroup hierarchies", "cgroup.hierarchies"),
        ("memory_recursiveprot", "cgroup.memory_recursiveprot"), ("memory_localevents", "cgroup.memory_localevents"),
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
            $"{source}: there is no kernel {name} to model: choose one of {string.Join(", ", Words.Kernels)}{NearestKernel.Advice(name, Words.Kernels)}", UsageError);
    }

    /// <summary>The machine, ready for its processes.</summary>
    public static Machine Make(Scenario scenario, RunOptions options, ModelChoices choices, Action<Machine>? onBooted)
    {
        Machine machine = Boot(scenario, options, choices);
        onBooted?.Invoke(machine);
        for (int i = 0; i < scenario.Sysctl.Count; i++)
        {
            SetSysctl(machine, scenario.Sysctl[i].Key, scenario.Sysctl[i].Value, scenario.SysctlPlaces.ElementAtOrDefault(i));
        }
        foreach (FileSpec file in scenario.Files)
        {
            MakeFile(machine, file);
        }
        foreach (GroupSpec group in scenario.Cgroup.Groups)
        {
            MakeGroup(machine, group);
        }
        foreach (Expectation expectation in scenario.Expect)
        {
            CheckExpectation(machine, expectation);
        }
        return machine;
    }

    private static Machine Boot(Scenario scenario, RunOptions options, ModelChoices choices)
    {
        MachineSpec spec = scenario.Machine;
        try
        {
            return Machine.Boot(new MachineOptions
            {
                Era = EraOf(scenario, options),
                Glibc = choices.Glibc,
                Costs = choices.Costs ?? new MachineCosts(),
                MemoryBytes = spec.MemoryBytes,
                Cpus = spec.Cpus,
                PossibleCpus = spec.PossibleCpus ?? spec.Cpus,
                Nodes = spec.Nodes,
                SwapBytes = spec.SwapBytes,
                Hz = spec.Hz,
                Disk = new Ullage.Model.Files.DiskOptions
                {
                    ReadLatencyNs = spec.Disk.ReadLatencyNs, WriteLatencyNs = spec.Disk.WriteLatencyNs,
                    BytesPerSecond = spec.Disk.BandwidthBytesPerSecond, ReadaheadBytes = spec.Disk.ReadaheadBytes,
                },
                CgroupVersion = scenario.Cgroup.Version,
                V1Hierarchies = scenario.Cgroup.Hierarchies,
                MemoryRecursiveProt = scenario.Cgroup.RecursiveProtection, MemoryLocalEvents = scenario.Cgroup.LocalEvents,
                Seed = options.Seed,
            });
        }
        catch (ArgumentException refused)
        {
            string key = Array.Find(Keys, each => refused.Message.StartsWith(each.Word, StringComparison.Ordinal) && refused.Message[each.Word.Length] is ' ' or ':').Key ?? "machine";
            throw new TargetUnavailableException($"{key}: {refused.Message}", UsageError);
        }
    }

    private static void SetSysctl(Machine machine, string name, string value, string? place)
    {
        string path = "/proc/sys/" + name.Replace('.', '/');
        Errno errno = machine.Files.Write(path, value);
        if (errno == Errno.None)
        {
            return;
        }
        string what = place is null ? $"sysctl {name}" : place;
        if (Exists(machine, path))
        {
            throw Failure($"{what}: {name} = {value}: {path}: {errno}: it does not take this value; change it in the scenario", place, RefusedWith(errno));
        }
        string? nearest = ModelNames.NearestSysctl(machine, name);
        throw nearest is not null
            ? Failure($"{what}: there is no sysctl {name} ({path}: {errno}): did you mean '{nearest}'?", place, UsageError)
            : Failure($"{what}: {path}: {errno}: the model of kernel {machine.Era.Name} lacks it; take it out of the scenario", place, NotThere);
    }

    private static void MakeFile(Machine machine, FileSpec file)
    {
        if (machine.CreateFile(file.Path, file.Bytes) is var errno && errno != Errno.None)
        {
            throw new TargetUnavailableException($"files: {file.Path}: {errno}: name each file once, with a length that is not negative", UsageError);
        }
    }

    private static void MakeGroup(Machine machine, GroupSpec group)
    {
        Cgroup cgroup = machine.Hierarchy.Root;
        foreach (string name in group.Path.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            cgroup = cgroup.Child(name) ?? MakeChild(machine, cgroup, name);
        }
        for (int i = 0; i < group.Writes.Count; i++)
        {
            HandDownCpuset(machine, cgroup, group.Writes[i].Key);
            WriteControl(machine, cgroup, group.Writes[i].Key, group.Writes[i].Value, group.WritePlaces.ElementAtOrDefault(i));
        }
        foreach ((string cache, long objects) in group.Slabs)
        {
            PlaceSlabs(machine, cgroup, cache, objects);
        }
    }

    /// <summary>v2: a group has cpuset files once every group above hands the controller down.</summary>
    private static void HandDownCpuset(Machine machine, Cgroup cgroup, string file)
    {
        if (machine.Options.CgroupVersion == 2 && machine.Hierarchy.HasCpuset && file.StartsWith("cpuset.", StringComparison.Ordinal) && cgroup is { OwnCpuset: null, Parent: { } parent })
        {
            HandDownCpuset(machine, parent, file);
            WriteControl(machine, parent, SubtreeControl, "+cpuset");
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

    private static void WriteControl(Machine machine, Cgroup cgroup, string file, string value, string? place = null)
    {
        string path = machine.CgroupDirectory(cgroup) + "/" + file;
        Errno errno = machine.Files.Write(path, value);
        if (errno == Errno.None)
        {
            return;
        }
        string what = place ?? $"cgroup {cgroup.Path}";
        throw Exists(machine, path)
            ? Failure($"{what}: {file} = {value}: {path}: {errno}: the kernel refuses the value; change it in the scenario", place, RefusedWith(errno))
            : NoSuchFile(machine, path, $"{what}: {path}: {errno}", place);
    }

    /// <summary>Refuses expectations about control files that no kernel has: they could only fail, and nobody would see why.</summary>
    private static void CheckExpectation(Machine machine, Expectation expectation)
    {
        if (expectation.File is string pressure && !machine.Era.Pressure.Exists && IsPressure(machine, pressure))
        {
            string? place = expectation.Place.Length > 0 ? expectation.Place : null;
            throw Failure($"{place ?? "expect"}: {pressure}: kernel {machine.Era.Name} has no pressure stall information, which came with 4.20: choose a kernel from 5.3 on", place, NotThere);
        }
        if (expectation.File is string path && ModelNames.IsControlFile(machine, path) && !Exists(machine, path)
            && !ModelNames.IsKnown(machine, path[(path.LastIndexOf('/') + 1)..]))
        {
            throw NoSuchFile(machine, path, expectation.Place.Length > 0 ? expectation.Place : $"expect: {path}", expectation.Place.Length > 0 ? expectation.Place : null);
        }
    }

    private static bool IsPressure(Machine machine, string path) => path.StartsWith("/proc/pressure/", StringComparison.Ordinal)
        || (path.EndsWith(".pressure", StringComparison.Ordinal) && ModelNames.IsControlFile(machine, path));

    private static TargetUnavailableException NoSuchFile(Machine machine, string path, string what, string? place)
    {
        string file = path[(path.LastIndexOf('/') + 1)..];
        int version = machine.Options.CgroupVersion;
        if (ModelNames.IsKnown(machine, file))
        {
            string where = ModelNames.WhereKnown(machine, file);
            return Failure(FormattableString.Invariant($"{what}: kernel {machine.Era.Name} with cgroup v{version} does not have the file, {where}; take it out of the scenario, or choose another kernel"), place, NotThere);
        }
        string advice = ModelNames.NearestControlFile(machine, file) is string nearest ? $": did you mean '{nearest}'?" : ": take it out of the scenario";
        return Failure(FormattableString.Invariant($"{what}: no modelled kernel has a file {Quote.Plain(file)} with cgroup v{version}{advice}"), place, UsageError);
    }

    private static TargetUnavailableException Failure(string message, string? place, int exitCode) => new(message, exitCode) { NamesPlace = place is not null };

    // A text that is no value at all is a mistake of the scenario; that the kernel cannot grant a good one is not.
    private static int RefusedWith(Errno errno) => errno is Errno.EINVAL or Errno.ERANGE ? UsageError : Refused;

    /// <summary>Asked of the directory, because a file that is not there is refused with several errnos.</summary>
    private static bool Exists(Machine machine, string path)
    {
        int slash = path.LastIndexOf('/');
        return machine.Files.List(path[..slash]).Names.Contains(path[(slash + 1)..], StringComparer.Ordinal);
    }
}
