using System.Globalization;
using Ullage.Abi;
using Ullage.Abi.Units;
using Ullage.Model.Eras;
using Ullage.Model.Tracing;

namespace Ullage.Model.AddressSpace;

/// <summary>Whether a mapping may be promised: vm.overcommit_memory, its limit and its reserves (§7.1).</summary>
[Kernel("__vm_enough_memory", "mm/util.c", Deviation = "One zone, so that the reserves are those of one zone.")]
internal sealed class Overcommit
{
    /// <summary>vm.overcommit_memory: guess.</summary>
    public const int Guess = 0;

    /// <summary>vm.overcommit_memory: promise everything.</summary>
    public const int Always = 1;

    /// <summary>vm.overcommit_memory: promise no more than CommitLimit.</summary>
    public const int Never = 2;

    private const int KbPerPage = KernelConstants.PageSize / 1024;

    private readonly Machine _machine;
    private readonly AddressSpaceRules _rules;
    private readonly CommitCounter _counter;
    private readonly RateLimit _warnings;
    private int _mode;

    public Overcommit(Machine machine)
    {
        _machine = machine;
        _rules = machine.Era.AddressSpace;
        _counter = new CommitCounter(machine.Options.PossibleCpus);
        _warnings = new RateLimit(machine, "__vm_enough_memory");
        long freeKb = (long)machine.Frames.Free * KbPerPage;
        UserReserveKb = Math.Min(freeKb / 32, 1 << 17);
        AdminReserveKb = Math.Min(freeKb / 32, 1 << 13);
        _counter.Batch = BatchOf(Guess);
    }

    /// <summary>vm.overcommit_memory, 0 to 2. Some eras fold the CPUs' shares when it becomes 2.</summary>
    public int Mode
    {
        get => _mode;
        set
        {
            _mode = value;
            _counter.Batch = BatchOf(value);
            if (value == Never && _rules.WideCommitBatch)
            {
                _counter.Sync();
            }
        }
    }

    /// <summary>vm.overcommit_ratio in percent.</summary>
    public int Ratio { get; set; } = 50;

    /// <summary>vm.overcommit_kbytes; 0 = the ratio counts.</summary>
    public long Kbytes { get; set; }

    /// <summary>vm.user_reserve_kbytes.</summary>
    public long UserReserveKb { get; set; }

    /// <summary>vm.admin_reserve_kbytes.</summary>
    public long AdminReserveKb { get; set; }

    /// <summary>vm.max_map_count.</summary>
    public int MaxMapCount { get; set; } = 65530;

    /// <summary>The batch of the counter of committed memory, in pages.</summary>
    public long Batch => _counter.Batch;

    /// <summary>Pages committed, as Committed_AS shows them.</summary>
    [Kernel("vm_memory_committed", "mm/util.c")]
    public long Shown => _rules.WideCommitBatch ? Math.Max(0, _counter.Sum()) : _counter.Read();

    /// <summary>Pages committed, exact.</summary>
    public long Exact => _counter.Sum();

    private long SwapPages => _machine.Options.SwapBytes >> KernelConstants.PageShift;

    /// <summary>What mode 2 promises altogether, in pages.</summary>
    [Kernel("vm_commit_limit", "mm/util.c")]
    public long Limit
    {
        get
        {
            UInt128 own = Kbytes > 0 ? (UInt128)(Kbytes / KbPerPage) : (UInt128)_machine.Frames.Managed * (uint)Ratio / 100;
            return (long)UInt128.Min(own + (UInt128)SwapPages, long.MaxValue);
        }
    }

    [Kernel("mm_compute_batch", "mm/mm_init.c")]
    private long BatchOf(int mode)
    {
        int cpus = _machine.Options.Cpus;
        int divisor = mode == Never || !_rules.WideCommitBatch ? 256 : 4;
        return Math.Max(_machine.Frames.Managed / cpus / divisor, Math.Max(cpus * 2, 32));
    }

    /// <summary>Counts pages as promised, whether they fit or not.</summary>
    [Kernel("vm_acct_memory", "include/linux/mman.h")]
    public void Charge(long pages) => _counter.Add(_machine.CurrentCpu, pages);

    /// <summary>Takes a promise back.</summary>
    [Kernel("vm_unacct_memory", "include/linux/mman.h")]
    public void Uncharge(long pages)
    {
        if (pages != 0)
        {
            _counter.Add(_machine.CurrentCpu, -pages);
        }
    }

    /// <summary>Promises pages to a task; false = -ENOMEM, and nothing was promised.</summary>
    public bool TryCharge(TaskStruct task, Mm mm, long pages)
    {
        if (_machine.Probes.Any)
        {
            _machine.Probes.Hit(KernelFunction.VmEnoughMemory);
        }
        Charge(pages);
        if (Fits(task.Signal.IsPrivileged, mm, pages))
        {
            return true;
        }
        Uncharge(pages);
        if (_rules.CommitWarning.Length > 0 && _warnings.Passes())
        {
            _machine.Log.Write(PrintkLevel.Warning, string.Create(CultureInfo.InvariantCulture,
                $"__vm_enough_memory: pid: {task.Pid}, comm: {task.Comm}, bytes: {pages * KernelConstants.PageSize} {_rules.CommitWarning}"));
        }
        return false;
    }

    private bool Fits(bool privileged, Mm mm, long pages) => _mode switch
    {
        Always => true,
        Never => FitsLimit(privileged, mm),
        _ => _rules.Heuristic == OvercommitHeuristic.TotalMemory ? pages <= _machine.Frames.Managed + SwapPages : FitsFree(privileged, pages),
    };

    /// <summary>The request is already counted (§7.1, mode 2).</summary>
    private bool FitsLimit(bool privileged, Mm mm)
    {
        long allowed = Limit - (privileged ? 0 : AdminReserveKb / KbPerPage);
        allowed -= Math.Min(mm.TotalPages / 32, UserReserveKb / KbPerPage);
        return _counter.Read() < allowed;
    }

    /// <summary>Each request alone against what is free now; no slab counts as reclaimable here.</summary>
    private bool FitsFree(bool privileged, long pages)
    {
        long cached = _machine.Vm[Pages.VmItem.FilePages] - _machine.Swap.Cached;
        long free = _machine.Frames.Free + cached + _machine.Swap.Map.Free;
        long reserve = _machine.Frames.Watermarks.TotalReserve;
        if (free <= reserve)
        {
            return false;
        }
        free -= reserve + (privileged ? 0 : AdminReserveKb / KbPerPage);
        return free > pages;
    }
}
