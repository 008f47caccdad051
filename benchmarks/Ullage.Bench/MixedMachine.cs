using System.Diagnostics;
using System.Globalization;
using Ullage.Model;
using Ullage.Model.AddressSpace;
using Ullage.Model.Eras;
using Ullage.Model.Files;

namespace Ullage.Bench;

/// <summary>A machine of 256 GiB with 10,000 cgroups, each at its limit, and 100 million operations: how long, and how much memory. One run, no statistics.</summary>
internal static class MixedMachine
{
    private const int Cgroups = 10_000;
    private const int Operations = 100_000_000;
    private const int Turn = 200; // operations of one cgroup before the next one's
    private const int PageSize = 4096;
    private const int LimitPages = 512;
    private const int HotPages = 64;
    private const int ColdPages = 2048;
    private const int AnonPages = 256;

    private sealed class Tenant
    {
        public required TaskStruct Task;
        public required FileHandle File;
        public long Address;
        public int Cold;
        public int Anon;
    }

    public static int Run()
    {
        Stopwatch watch = Stopwatch.StartNew();
        Machine machine = Machine.Boot(new MachineOptions
        {
            Era = KernelEras.Newest, CgroupVersion = 2, MemoryBytes = 256L << 30, SwapBytes = 64L << 30,
            Disk = new DiskOptions { ReadLatencyNs = 0, WriteLatencyNs = 0, BytesPerSecond = 1L << 50 },
        });
        machine.Files.Write("/sys/fs/cgroup/cgroup.subtree_control", "+memory");
        Tenant[] tenants = new Tenant[Cgroups];
        for (int i = 0; i < Cgroups; i++)
        {
            tenants[i] = NewTenant(machine, i);
        }
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"boot and {Cgroups} cgroups: {watch.Elapsed.TotalSeconds:F2} s, of the processor {Processor():F2} s"));
        double before = Processor();
        watch.Restart();
        for (int done = 0, turn = 0; done < Operations; done += Turn, turn++)
        {
            Serve(machine, tenants[turn % Cgroups]);
            if (turn % 100 == 0)
            {
                machine.Scheduler.RunUntil(machine.TimeNs);
            }
        }
        double seconds = watch.Elapsed.TotalSeconds;
        Process self = Process.GetCurrentProcess();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{Operations} operations: {seconds:F2} s, of the processor {Processor() - before:F2} s; peak memory {self.PeakWorkingSet64 / (double)(1L << 30):F2} GiB"));
        foreach (string counter in new[] { "pgsteal_file", "pgsteal_anon", "pswpin", "pswpout" })
        {
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{counter} {BenchCounts.Of(machine, "/proc/vmstat", counter)}"));
        }
        return 0;
    }

    private static double Processor() => Process.GetCurrentProcess().TotalProcessorTime.TotalSeconds;

    private static Tenant NewTenant(Machine machine, int number)
    {
        string name = string.Create(CultureInfo.InvariantCulture, $"/c{number}");
        machine.Mkdir(name);
        machine.Files.Write($"/sys/fs/cgroup{name}/memory.max", ((long)LimitPages * PageSize).ToString(CultureInfo.InvariantCulture));
        TaskStruct task = machine.Spawn(new SpawnOptions { Comm = "mixed" });
        machine.Attach(machine.Hierarchy.Find(name)!, task.Pid, wholeProcess: true);
        machine.CreateFile(name, (long)ColdPages * PageSize);
        return new Tenant
        {
            Task = task, File = machine.OpenData(name).File!,
            Address = machine.Mmap(task, (long)AnonPages * PageSize, VmaFlags.Read | VmaFlags.Write).Address,
        };
    }

    /// <summary>Of ten operations six read pages that were just read, two go on through a file of four times the limit, two write to anonymous memory.</summary>
    private static void Serve(Machine machine, Tenant tenant)
    {
        for (int i = 0; i < Turn; i++)
        {
            switch (i % 10)
            {
                case < 6:
                    machine.ReadData(tenant.Task, tenant.File, (long)(i % HotPages) * PageSize, PageSize);
                    break;
                case < 8:
                    tenant.Cold = tenant.Cold + 1 == ColdPages ? HotPages : Math.Max(tenant.Cold + 1, HotPages);
                    machine.ReadData(tenant.Task, tenant.File, (long)tenant.Cold * PageSize, PageSize);
                    break;
                default:
                    tenant.Anon = (tenant.Anon + 1) % AnonPages;
                    machine.Touch(tenant.Task, tenant.Address + ((long)tenant.Anon * PageSize), write: true);
                    break;
            }
        }
    }
}
