using System.Globalization;
using Ullage.Abi;
using Ullage.Abi.Units;
using Ullage.Model.AddressSpace;
using Ullage.Model.Charging;

namespace Ullage.Model.Oom;

/// <summary>What the OOM killer writes to the kernel log (§8.6).</summary>
[Kernel("dump_header", "mm/oom_kill.c")]
internal sealed class OomReport(Machine machine)
{
    private const int KbPerPage = KernelConstants.PageSize / 1024;

    /// <summary>Everything up to the choice of the victim.</summary>
    public void Header(OomContext oc, OomChoice choice) =>
        machine.Log.Write(4, $"{oc.Current?.Comm} invoked oom-killer: order={oc.Order}, points={choice.Points}");

    /// <summary>The selection found nobody.</summary>
    public void NobodyToKill(OomContext oc) =>
        machine.Log.Write(4, (oc.Memcg is null ? "" : "Memory cgroup out of memory: ") + "Out of memory and no killable processes...");

    /// <summary>The line of one kill.</summary>
    public void Killed(OomContext oc, TaskStruct victim)
    {
        Mm mm = victim.Mm!;
        string line = string.Create(CultureInfo.InvariantCulture,
            $"Killed process {victim.Pid} ({victim.Comm}) total-vm:{mm.TotalPages * KbPerPage}kB, anon-rss:{mm.AnonPages * KbPerPage}kB, file-rss:{mm.FilePages * KbPerPage}kB, shmem-rss:0kB");
        machine.Log.Write(3, (oc.Memcg is null ? "Out of memory: " : "Memory cgroup out of memory: ") + line);
    }

    /// <summary>A whole group dies (§2.8).</summary>
    public void GroupKill(MemCgroup group)
    {
        machine.Log.Write(6, $"Tasks in {group.Cgroup.Path} are going to be killed due to memory.oom.group set");
    }

    /// <summary>A fault without memory and without a kill (§8.1).</summary>
    public void LeakedFault()
    {
        machine.Log.Write(4, "Huh VM_FAULT_OOM leaked out to the #PF handler. Retrying PF");
    }
}
