using System.Globalization;
using Ullage.Abi;
using Ullage.Abi.Units;
using Ullage.Model.Cgroups;
using static Ullage.Model.Kernfs.ControlFile;

namespace Ullage.Model.Kernfs;

/// <summary>pids.*, the same in both versions. The root has none.</summary>
[Kernel("pids_files", "kernel/cgroup/pids.c")]
internal static class PidsFiles
{
    public static IEnumerable<ControlFile> Files()
    {
        yield return new ControlFile("pids.current", cgroup => Line(cgroup.OwnPids!.Current));
        yield return new ControlFile("pids.max", cgroup => ShowMax(cgroup.OwnPids!), (cgroup, text) => SetMax(cgroup.OwnPids!, text));
        yield return new ControlFile("pids.peak", cgroup => Line(cgroup.OwnPids!.Peak));
        yield return new ControlFile("pids.events", cgroup => "max " + Line(cgroup.OwnPids!.MaxEvents)) { ChangesOf = cgroup => cgroup.OwnPids!.EventsChanges };
        yield return new ControlFile("pids.events.local", cgroup => "max " + Line(cgroup.OwnPids!.LocalEvents)) { ChangesOf = cgroup => cgroup.OwnPids!.EventsChanges };
    }

    private static string ShowMax(PidsCgroup pids) => pids.Max >= PidsCgroup.Unlimited ? "max\n" : Line(pids.Max);

    /// <summary>A limit below what is there is taken: it only keeps new ones out.</summary>
    [Kernel("pids_max_write", "kernel/cgroup/pids.c")]
    private static Errno SetMax(PidsCgroup pids, string text)
    {
        ReadOnlySpan<char> word = KernelNumber.Strip(text);
        if (word.SequenceEqual("max"))
        {
            pids.Max = PidsCgroup.Unlimited;
            return Errno.None;
        }
        if (!long.TryParse(word, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long max) || max is < 0 or >= PidsCgroup.Unlimited)
        {
            return Errno.EINVAL;
        }
        pids.Max = max;
        return Errno.None;
    }
}
