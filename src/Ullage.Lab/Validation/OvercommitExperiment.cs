using System.Globalization;
using Ullage.Abi;
using Ullage.Abi.Files;
using Ullage.Abi.Units;
using Ullage.Model;
using Ullage.Model.AddressSpace;
using Ullage.Model.Eras;

namespace Ullage.Lab.Validation;

/// <summary>
/// Experiment E11: what overcommit lets a process have. The largest mapping of each kind, many mappings of 64 MiB, a heap in steps of 16 MiB,
/// and the fork of a large process, in each mode of vm.overcommit_memory. Works on the machine itself: the sizes are found by bisection.
/// </summary>
public static class OvercommitExperiment
{
    private const int KbPerPage = KernelConstants.PageSize / 1024;

    /// <summary>Repeats a measured experiment on the model and sets its values beside the kernel's.</summary>
    public static IReadOnlyList<FidelityFigure> Compare(MeasuredExperiment measured)
    {
        KernelEra era = KernelEras.Find(measured.Kernel)!;
        Machine machine = Boot(measured, era);
        List<KeyValuePair<string, long>> values = new OvercommitProbe(machine).Run();
        bool guesses = measured.Case.StartsWith("mode0", StringComparison.Ordinal);
        int pages = (int)(measured.RamBytes / KernelConstants.PageSize / measured.Cpus / 256);
        List<FidelityFigure> figures = [];
        foreach ((string counter, long value) in values)
        {
            List<long> kernel = [.. measured.Repeats.Where(repeat => repeat.ContainsKey(counter)).Select(repeat => repeat[counter])];
            if (kernel.Count > 0)
            {
                bool isBytes = counter.Contains(".max_", StringComparison.Ordinal);
                figures.Add(new FidelityFigure(measured, counter, value, kernel, RuleOf(counter, guesses), pages * (isBytes ? KernelConstants.PageSize : KbPerPage), 0));
            }
        }
        return figures;
    }

    private static FidelityRule RuleOf(string counter, bool guesses) => counter switch
    {
        "largest.max_private_rw" or "largest.max_shared_rw" when guesses => FidelityRule.Exact,
        _ when counter.Contains(".max_", StringComparison.Ordinal) || counter.EndsWith("Committed_AS", StringComparison.Ordinal) => FidelityRule.OnePercentOrBatch,
        "reserve.user_reserve_kbytes" => FidelityRule.OnePercentOrBatch,
        _ => FidelityRule.Exact,
    };

    /// <summary>A machine with the measured MemTotal and swap, on which other processes have committed what they had there.</summary>
    private static Machine Boot(MeasuredExperiment measured, KernelEra era)
    {
        IReadOnlyDictionary<string, long> first = measured.Repeats[0];
        MachineOptions options = new()
        {
            Era = era, Cpus = measured.Cpus, CgroupVersion = measured.CgroupVersion, MemoryBytes = measured.RamBytes, SwapBytes = first["meminfo.SwapTotal"] * 1024,
        };
        Machine machine = Machine.Boot(options);
        for (long missing = MissingBytes(measured, machine); missing != 0; missing = MissingBytes(measured, machine))
        {
            options = options with { MemoryBytes = options.MemoryBytes + missing };
            machine = Machine.Boot(options);
        }
        TaskStruct others = machine.Spawn(new SpawnOptions { Comm = "init" });
        long committed = (first["meminfo.Committed_AS"] - OvercommitProbe.MemInfo(machine, "Committed_AS")) * 1024;
        machine.Mmap(others, committed, VmaFlags.Read | VmaFlags.Write);
        string mode = measured.Case["mode".Length..].Split('-')[0];
        machine.Files.Write("/proc/sys/vm/overcommit_memory", mode);
        return machine;
    }

    private static long MissingBytes(MeasuredExperiment measured, Machine machine) => measured.RamBytes - ((long)machine.Frames.Managed * KernelConstants.PageSize);
}

/// <summary>The measured program, on a modelled machine.</summary>
internal sealed class OvercommitProbe(Machine machine)
{
    private const long MiB = 1 << 20;
    private const VmaFlags ReadWrite = VmaFlags.Read | VmaFlags.Write;

    private readonly List<KeyValuePair<string, long>> _values = [];

    public List<KeyValuePair<string, long>> Run()
    {
        Note("meminfo.CommitLimit", MemInfo(machine, "CommitLimit"));
        Note("reserve.admin_reserve_kbytes", Sysctl("admin_reserve_kbytes"));
        Note("reserve.user_reserve_kbytes", Sysctl("user_reserve_kbytes"));
        AsProcess(Largest);
        AsProcess(task => Fork(task, "fork512_untouched", 512 * MiB, touched: false));
        AsProcess(task => Fork(task, "fork512_touched", 512 * MiB, touched: true));
        AsProcess(task => Fork(task, "fork900_touched", 900 * MiB, touched: true));
        AsProcess(Heap);
        Note("meminfo.Committed_AS", MemInfo(machine, "Committed_AS"));
        return _values;
    }

    private void Note(string name, long value) => _values.Add(new(name, value));

    private void AsProcess(Action<TaskStruct> act)
    {
        TaskStruct task = machine.Spawn(new SpawnOptions { Comm = "overcommit" });
        act(task);
        machine.ExitGroup(task.Signal, 0, 0);
    }

    private void Largest(TaskStruct task)
    {
        Note("largest.meminfo_before.Committed_AS", MemInfo(machine, "Committed_AS"));
        long largest = Bisect(task, ReadWrite);
        Note("largest.max_private_rw", largest);
        Note("largest.errno_plus_page", (long)machine.Mmap(task, largest + KernelConstants.PageSize, ReadWrite).Errno);
        Note("largest.max_noreserve", Bisect(task, ReadWrite | VmaFlags.NoReserve));
        Note("largest.max_private_ro", Bisect(task, VmaFlags.Read));
        Note("largest.max_shared_rw", Bisect(task, ReadWrite | VmaFlags.Shared));
        long maps = 0;
        Errno errno = Errno.None;
        while (maps < 4096 && (errno = machine.Mmap(task, 64 * MiB, ReadWrite).Errno) == Errno.None)
        {
            maps++;
        }
        Note("largest.cumulative_64M_maps", maps);
        Note("largest.cumulative_errno", (long)errno);
        Note("largest.meminfo_after_cumulative.Committed_AS", MemInfo(machine, "Committed_AS"));
    }

    /// <summary>The largest mapping that is accepted, in bytes.</summary>
    private long Bisect(TaskStruct task, VmaFlags flags)
    {
        (long fits, long fails) = (0, 1L << 35);
        while (fails - fits > 1)
        {
            long pages = (fits + fails) / 2;
            (Errno errno, long address) = machine.Mmap(task, pages * KernelConstants.PageSize, flags);
            if (errno == Errno.None)
            {
                machine.Munmap(task, address, pages * KernelConstants.PageSize);
                fits = pages;
            }
            else
            {
                fails = pages;
            }
        }
        return fits * KernelConstants.PageSize;
    }

    private void Fork(TaskStruct task, string name, long bytes, bool touched)
    {
        (_, long address) = machine.Mmap(task, bytes, ReadWrite);
        for (long page = 0; touched && page < bytes / KernelConstants.PageSize; page++)
        {
            machine.Touch(task, address + (page * KernelConstants.PageSize), write: true);
        }
        Note(name + ".before_fork.Committed_AS", MemInfo(machine, "Committed_AS"));
        (Errno errno, TaskStruct? child) = machine.Fork(task);
        Note(name + ".fork_errno", (long)errno);
        if (child is not null)
        {
            Note(name + ".after_fork.Committed_AS", MemInfo(machine, "Committed_AS"));
            machine.ExitGroup(child.Signal, 0, 0);
        }
    }

    private void Heap(TaskStruct task)
    {
        long start = machine.Brk(task, 0);
        long end = start;
        while (end - start < 1L << 40 && machine.Brk(task, end + (16 * MiB)) == end + (16 * MiB))
        {
            end += 16 * MiB;
        }
        Note("brk.bytes", end - start);
        Note("brk.errno", (long)(end - start < 1L << 40 ? Errno.ENOMEM : Errno.None));
        Note("brk.after.Committed_AS", MemInfo(machine, "Committed_AS"));
    }

    private long Sysctl(string name) => long.Parse(machine.Files.Read("/proc/sys/vm/" + name).Text, CultureInfo.InvariantCulture);

    /// <summary>A value of /proc/meminfo in kB.</summary>
    public static long MemInfo(Machine machine, string field)
    {
        const string path = "/proc/meminfo";
        return KernelFields.TryGet(path, machine.Files.Read(path).Text, field, out string? value) ? long.Parse(value, CultureInfo.InvariantCulture) : -1;
    }
}
