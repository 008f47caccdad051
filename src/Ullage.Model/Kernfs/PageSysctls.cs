using Ullage.Abi;
using Ullage.Model.Pages;

namespace Ullage.Model.Kernfs;

/// <summary>The settings of /proc/sys/vm that belong to the page allocator and the OOM killer.</summary>
[Kernel("page_alloc_sysctl_table", "mm/page_alloc.c")]
internal sealed class PageSysctls(Machine machine)
{
    /// <summary>Its files, by name.</summary>
    public static readonly IReadOnlyList<string> Names =
        ["min_free_kbytes", "oom_dump_tasks", "oom_kill_allocating_task", "panic_on_oom", "watermark_scale_factor"];

    private Watermarks Watermarks => machine.Frames.Watermarks;

    /// <summary>The era has the file.</summary>
    public bool Has(string name) => name != "watermark_scale_factor" || machine.Era.Pages.ScaleFactorMax > 0;

    /// <summary>The value; null = not one of its files.</summary>
    public long? Value(string name) => name switch
    {
        "min_free_kbytes" => Watermarks.MinFreeKb,
        "oom_dump_tasks" => machine.Oom.Report.DumpTasks ? 1 : 0,
        "oom_kill_allocating_task" => machine.Oom.KillAllocatingTask,
        "panic_on_oom" => machine.Oom.PanicOnOom,
        "watermark_scale_factor" => Watermarks.ScaleFactor,
        _ => null,
    };

    /// <summary>Sets one of its files.</summary>
    public Errno Set(string name, long value)
    {
        (long smallest, long largest) = name switch
        {
            "min_free_kbytes" => (0, int.MaxValue),
            "panic_on_oom" => (0, 2),
            "watermark_scale_factor" => (1, machine.Era.Pages.ScaleFactorMax),
            _ => (int.MinValue, int.MaxValue), // any int: what is not 0 is yes
        };
        if (value < smallest || value > largest)
        {
            return Errno.EINVAL;
        }
        switch (name)
        {
            case "min_free_kbytes":
                Watermarks.SetMinFreeKb(value);
                break;
            case "oom_dump_tasks":
                machine.Oom.Report.DumpTasks = value != 0;
                break;
            case "oom_kill_allocating_task":
                machine.Oom.KillAllocatingTask = (int)value;
                break;
            case "panic_on_oom":
                machine.Oom.PanicOnOom = (int)value;
                break;
            default:
                Watermarks.SetScaleFactor((int)value);
                break;
        }
        return Errno.None;
    }
}
