using Ullage.Abi;

namespace Ullage.Model.Cgroups;

/// <summary>A machine's controllers in the order of their ids, in which they are asked.</summary>
[Kernel("struct cgroup_subsys", "include/linux/cgroup-defs.h")]
public sealed class ControllerList
{
    private readonly List<Controller> _all = [];

    internal ControllerList(Machine machine)
    {
        Memory = new MemoryController(machine);
        Pids = new PidsController(machine);
        Cpuset = new CpusetController(machine);
        _all.Add(Cpuset);
        _all.Add(Memory);
        if (machine.Era.Life.PidsFiles.Count > 0)
        {
            _all.Add(Pids);
        }
    }

    /// <summary>The memory controller's part in migration: charge moving.</summary>
    internal MemoryController Memory { get; }

    /// <summary>The cpuset controller.</summary>
    internal CpusetController Cpuset { get; }

    /// <summary>The pids controller.</summary>
    internal PidsController Pids { get; }

    /// <summary>All, in order.</summary>
    public IReadOnlyList<Controller> All => _all;

    /// <summary>Adds an own controller to the hierarchy that has the memory controller.</summary>
    /// <param name="controller">The controller; its name must not be taken.</param>
    /// <param name="before">The controller that is asked after it, such as <c>memory</c>; null = it is asked last.</param>
    /// <exception cref="ArgumentException">The name is taken, or there is no controller <paramref name="before"/>.</exception>
    public void Add(Controller controller, string? before = null)
    {
        ArgumentNullException.ThrowIfNull(controller);
        if (Find(controller.Name) is not null)
        {
            throw new ArgumentException($"there is a controller {controller.Name} already: choose another name");
        }
        int at = before is null ? _all.Count : _all.FindIndex(each => each.Name == before);
        if (at < 0)
        {
            throw new ArgumentException($"there is no controller {before} to stand before: leave it out to be asked last");
        }
        _all.Insert(at, controller);
    }

    /// <summary>The controller of that name; null = there is none.</summary>
    public Controller? Find(string name) => _all.Find(each => each.Name == name);
}
