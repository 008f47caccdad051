using System.Collections.Immutable;
using Ullage.Abi;
using Ullage.Abi.Files;
using Ullage.Model.Cgroups;
using Ullage.Model.Kernfs;

namespace Ullage.Model.Pressure;

/// <summary>The texts of /proc/pressure and of the pressure files of v2 cgroups (§6.5), and what writing to them does (§6.6).</summary>
[Kernel("psi_show", "kernel/sched/psi.c")]
internal sealed class PressureFiles(Machine machine)
{
    // In the kernel's order: by length, then by name.
    private static readonly ImmutableArray<string> Names = ["io", "cpu", "irq", "memory"];

    /// <summary>The names in /proc/pressure.</summary>
    public IEnumerable<string> ProcNames
    {
        get
        {
            foreach (string name in Names)
            {
                if (Has(name))
                {
                    yield return name;
                }
            }
        }
    }

    /// <summary>Names of a cgroup's pressure files.</summary>
    public IEnumerable<string> CgroupNames(Cgroup cgroup)
    {
        Eras.PressureRules rules = machine.Era.Pressure;
        if (!rules.Exists || (cgroup.Parent is null && !rules.RootFiles))
        {
            yield break;
        }
        foreach (string name in GroupOf(cgroup).Enabled ? Names : [])
        {
            if (Has(name))
            {
                yield return name + ".pressure";
            }
        }
        if (rules.CgroupSwitch)
        {
            yield return "cgroup.pressure";
        }
    }

    private bool Has(string name) => machine.Era.Pressure.Exists && (name != "irq" || (machine.Era.Pressure.Irq && machine.Options.IrqTimeAccounting));

    public static PsiResource? ResourceOf(string name) => name switch
    {
        "io" => PsiResource.Io,
        "memory" => PsiResource.Memory,
        "cpu" => PsiResource.Cpu,
        "irq" => PsiResource.Irq,
        _ => null,
    };

    public PsiGroup GroupOf(Cgroup cgroup) => cgroup.Pressure ?? machine.Psi.Everything;

    /// <summary>The control files of v2 cgroups.</summary>
    public IEnumerable<ControlFile> Files()
    {
        Errno off = machine.Psi.Enabled ? Errno.None : Errno.EOPNOTSUPP;
        foreach (string name in Names)
        {
            PsiResource resource = ResourceOf(name)!.Value;
            yield return new ControlFile(name + ".pressure", cgroup => Show(GroupOf(cgroup), resource), (_, text) => WriteOnce(resource, text))
            {
                ReadErrno = off, WorldWritable = machine.Era.Pressure.UnprivilegedTriggers,
            };
        }
        yield return new ControlFile("cgroup.pressure", cgroup => ControlFile.Line(GroupOf(cgroup).Enabled ? 1 : 0), WriteSwitch);
    }

    /// <summary>Text of a file. Reading brings totals up to now and ends a period that is over.</summary>
    public string Show(PsiGroup group, PsiResource resource)
    {
        machine.Psi.AdvanceTo(machine.TimeNs);
        group.Refresh(machine.TimeNs);
        bool full = resource != PsiResource.Cpu || machine.Era.Pressure.CpuFull;
        bool undefined = resource == PsiResource.Cpu && group == machine.Psi.Everything; // "full" of all CPUs together means nothing
        return new PressureFile(
            resource == PsiResource.Irq ? null : Line(group, PsiState.Of(resource, full: false)),
            !full ? null : undefined ? new PressureLine(0, 0, 0, 0) : Line(group, PsiState.Of(resource, full: true))).Format();
    }

    private static PressureLine Line(PsiGroup group, int state)
    {
        PsiAverages avg = group.Averages;
        return new PressureLine(avg.Shown(state, 0), avg.Shown(state, 1), avg.Shown(state, 2), group.Total(state) / 1000);
    }

    public KernelRead ReadProc(string name)
    {
        if (ResourceOf(name) is not { } resource || !Has(name))
        {
            return KernelRead.Failed(Errno.ENOENT);
        }
        return machine.Psi.Enabled ? KernelRead.Of(Show(machine.Psi.Everything, resource)) : KernelRead.Failed(Errno.EOPNOTSUPP);
    }

    public Errno WriteProc(string name, string text)
    {
        if (ResourceOf(name) is not { } resource || !Has(name))
        {
            return Errno.ENOENT;
        }
        if (!MayWrite)
        {
            return Errno.EACCES;
        }
        return text.Length == 0 ? Errno.EINVAL : WriteOnce(resource, CutForProc(text));
    }

    private bool IsPrivileged => machine.Current is not { Signal.IsPrivileged: false };

    private bool MayWrite => IsPrivileged || machine.Era.Pressure.UnprivilegedTriggers;

    /// <summary>/proc takes 32 bytes and puts the end of the string over the last one: whoever leaves out the newline, or the NUL, loses a digit.</summary>
    [Kernel("psi_write", "kernel/sched/psi.c")]
    internal static string CutForProc(string text) => text[..(Math.Min(text.Length, 32) - 1)];

    /// <summary>Opened, written and closed: the trigger is judged, and gone with the file.</summary>
    private Errno WriteOnce(PsiResource resource, string text) =>
        machine.Psi.Enabled ? PsiTrigger.TryParse(text, resource, machine.Era.Pressure, IsPrivileged, out _) : Errno.EOPNOTSUPP;

    [Kernel("cgroup_pressure_write", "kernel/cgroup/cgroup.c")]
    private Errno WriteSwitch(Cgroup cgroup, string text)
    {
        Errno errno = Abi.Units.KernelNumber.TryParseInt(Abi.Units.KernelNumber.Strip(text), out int value);
        if (errno != Errno.None || value is < 0 or > 1)
        {
            return errno != Errno.None ? errno : Errno.ERANGE;
        }
        PsiGroup group = GroupOf(cgroup);
        if (group.Enabled != (value == 1) && machine.Psi.Enabled)
        {
            machine.Psi.AdvanceTo(machine.TimeNs);
            group.Enable(value == 1, machine.TimeNs);
        }
        return Errno.None;
    }
}
