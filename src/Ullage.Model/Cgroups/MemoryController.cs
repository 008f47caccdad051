using Ullage.Abi;

namespace Ullage.Model.Cgroups;

/// <summary>
/// The memory controller's part in a migration. Charges stay where they are, unless v1's memory.move_charge_at_immigrate of the destination says
/// otherwise (§2.14): then room for them is charged there in advance, which can fail, and they follow after the commit.
/// </summary>
[Kernel("memory_cgrp_subsys", "mm/memcontrol.c")]
internal sealed class MemoryController(Machine machine) : Controller
{
    private readonly Charging.ChargeMoving _moving = new(machine);

    public override string Name => "memory";

    internal override bool Concerns(TaskSet tasks)
    {
        foreach (MovingTask each in tasks.Tasks)
        {
            if (each.From.Memcg != each.To.Memcg)
            {
                return true;
            }
        }
        return false;
    }

    [Kernel("mem_cgroup_can_attach", "mm/memcontrol.c")]
    protected internal override Errno CanAttach(TaskSet tasks)
    {
        foreach (MovingTask each in tasks.Tasks)
        {
            if (each.Task == each.Task.Signal.Leader)
            {
                return _moving.Prepare(each.Task, each.From.Memcg, each.To.Memcg);
            }
        }
        return Errno.None;
    }

    [Kernel("mem_cgroup_cancel_attach", "mm/memcontrol.c")]
    protected internal override void CancelAttach(TaskSet tasks) => _moving.Clear();

    [Kernel("mem_cgroup_move_task", "mm/memcontrol.c")]
    protected internal override void PostAttach(TaskSet tasks) => _moving.Move();

    protected internal override string? Describe(TaskSet tasks, MigrationPhase phase) => phase == MigrationPhase.Attach && machine.Era.Life.HasPostAttach ? null : _moving.Note;
}
