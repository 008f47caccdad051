using Ullage.Abi;
using Ullage.Abi.Units;
using Ullage.Model.AddressSpace;
using Ullage.Model.Eras;

namespace Ullage.Model.Oom;

/// <summary>Takes a victim's memory before the victim gets around to exit (§8.5 step 7).</summary>
[Kernel("oom_reaper", "mm/oom_kill.c")]
internal sealed class OomReaper(Machine machine)
{
    private const long DelayNs = 2_000_000_000;

    /// <summary>Queues a victim.</summary>
    [Kernel("queue_oom_reaper", "mm/oom_kill.c")]
    public void Queue(TaskStruct victim)
    {
        if (machine.Era.Oom.Reaper == ReaperStart.None || victim.Mm is not { OomReapQueued: false } mm)
        {
            return;
        }
        mm.OomReapQueued = true;
        long delay = machine.Era.Oom.Reaper == ReaperStart.Delayed ? DelayNs : 0;
        machine.Work.Add(machine.TimeNs + delay + machine.Costs.ReaperWakeNs, () => Reap(victim, mm));
    }

    [Kernel("oom_reap_task", "mm/oom_kill.c")]
    private void Reap(TaskStruct victim, Mm mm)
    {
        if (victim.Mm != mm || mm.OomSkip)
        {
            return; // it was faster, or was reaped already
        }
        machine.Uncharges.Begin();
        foreach (Vma vma in mm.Vmas)
        {
            if ((vma.Flags & VmaFlags.Shared) == 0)
            {
                machine.ZapRange(mm, vma.StartPage, vma.EndPage);
            }
        }
        machine.Uncharges.End();
        mm.OomSkip = true;
        const int kbPerPage = KernelConstants.PageSize / 1024;
        machine.Log.Write(6, string.Create(System.Globalization.CultureInfo.InvariantCulture,
            $"oom_reaper: reaped process {victim.Pid} ({victim.Comm}), now anon-rss:{mm.AnonPages * kbPerPage}kB, file-rss:{mm.FilePages * kbPerPage}kB, shmem-rss:{mm.ShmemPages * kbPerPage}kB"));
    }
}
