namespace Ullage.Model.AddressSpace.Malloc;

/// <summary>The malloc of a process of the machine.</summary>
public sealed class ProcessMalloc
{
    private readonly Machine _machine;
    private readonly TaskMallocCalls _calls;

    /// <summary>A process's malloc, which has done nothing yet.</summary>
    /// <param name="machine">The machine.</param>
    /// <param name="task">The process.</param>
    /// <param name="options">How it is set up; null = the machine's C library, as it comes.</param>
    public ProcessMalloc(Machine machine, TaskStruct task, MallocOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(machine);
        ArgumentNullException.ThrowIfNull(task);
        _machine = machine;
        _calls = new TaskMallocCalls(machine, task);
        Mm = task.Mm;
        Glibc = new GlibcMalloc(_calls, options ?? new MallocOptions { Release = machine.Options.Glibc ?? machine.Era.Glibc, Cpus = machine.Options.Cpus });
    }

    private ProcessMalloc(ProcessMalloc parent, TaskStruct child, int thread)
    {
        _machine = parent._machine;
        _calls = new TaskMallocCalls(_machine, child);
        Mm = child.Mm;
        parent._calls.ForgetLastPage();
        Glibc = parent.Glibc.Fork(_calls, thread);
    }

    /// <summary>The malloc itself: threads, statistics.</summary>
    public GlibcMalloc Glibc { get; }

    /// <summary>The address space that it works in. exec gives the process another, and this malloc is no more.</summary>
    public Mm? Mm { get; }

    /// <summary>Addresses that malloc's own bookkeeping has written to and whose pages are not there yet: to be touched, one by one, before the process goes on.</summary>
    public Queue<long> Written => _calls.Written;

    /// <summary>malloc(3): the address, 0 = NULL with ENOMEM. Takes time, besides that of its system calls.</summary>
    public long Malloc(long bytes, int thread = 0)
    {
        Enter(MallocRoot.Malloc);
        return Leave(Glibc.Malloc(thread, bytes));
    }

    /// <summary>free(3).</summary>
    public void Free(long address, int thread = 0)
    {
        Enter(MallocRoot.Free);
        Glibc.Free(thread, address);
        _calls.Enter(MallocRoot.None);
    }

    /// <summary>calloc(3): the address, 0 = NULL with ENOMEM.</summary>
    public long Calloc(long count, long bytes, int thread = 0)
    {
        Enter(MallocRoot.Calloc);
        return Leave(Glibc.Calloc(thread, count, bytes));
    }

    /// <summary>realloc(3): the address, 0 = NULL.</summary>
    public long Realloc(long address, long bytes, int thread = 0)
    {
        Enter(MallocRoot.Realloc);
        return Leave(Glibc.Realloc(thread, address, bytes));
    }

    /// <summary>memalign(3), aligned_alloc(3), posix_memalign(3): the address, 0 = NULL.</summary>
    public long Memalign(long alignment, long bytes, int thread = 0)
    {
        Enter(MallocRoot.Memalign);
        return Leave(Glibc.Memalign(thread, alignment, bytes));
    }

    /// <summary>malloc_trim(3): true = memory was given back.</summary>
    public bool Trim(long pad = 0)
    {
        Enter(MallocRoot.Trim);
        bool any = Glibc.Trim(pad);
        _calls.Enter(MallocRoot.None);
        return any;
    }

    private void Enter(MallocRoot root)
    {
        _machine.Spend(_machine.Costs.MallocNs);
        _calls.Enter(root);
    }

    private long Leave(long address)
    {
        _calls.Enter(MallocRoot.None);
        return address;
    }

    /// <summary>The malloc of a forked child.</summary>
    public ProcessMalloc Fork(TaskStruct child, int thread = 0)
    {
        ArgumentNullException.ThrowIfNull(child);
        return new ProcessMalloc(this, child, thread);
    }
}
