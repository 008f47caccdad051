using Ullage.Observe.Fields;

namespace Ullage.Observe.Metrics;

/// <summary>Types of OpenMetrics.</summary>
public enum MetricType
{
    /// <summary>Goes up and down.</summary>
    Gauge,
    /// <summary>Only grows; its name ends with <c>_total</c>.</summary>
    Counter,
    /// <summary>Grows, under a name that others have given and that does not end with <c>_total</c>.</summary>
    Unknown,
}

/// <summary>A metric's name and how a field's number becomes its value.</summary>
/// <param name="Name">With <c>_total</c> for counters.</param>
/// <param name="Type">Its type.</param>
/// <param name="Labels">Fixed labels without braces, such as <c>scope="hierarchy"</c>; empty = none.</param>
/// <param name="Divisor">The field's number is divided by this: 1, 1,000,000 for microseconds, 100 for hundredths of a percent.</param>
public sealed record Metric(string Name, MetricType Type, string Labels = "", int Divisor = 1)
{
    /// <summary>The name of the family: without <c>_total</c>.</summary>
    public string Family => Type == MetricType.Counter ? Name[..^"_total".Length] : Name;
}

/// <summary>Names: cAdvisor's for cgroups and node_exporter's for the machine where they have one, <c>ullage_…</c> for the rest.</summary>
public static class MetricNames
{
    private const int MicrosecondsPerSecond = 1_000_000;
    private const string Hierarchy = "scope=\"hierarchy\"";
    private static readonly Dictionary<Field, Metric> CadvisorNames = new()
    {
        [CgroupFields.Usage] = new("container_memory_usage_bytes", MetricType.Gauge),
        [CgroupFields.Limit] = new("container_spec_memory_limit_bytes", MetricType.Gauge),
        [CgroupFields.SoftLimit] = new("container_spec_memory_reservation_limit_bytes", MetricType.Gauge),
        [CgroupFields.MemswLimit] = new("container_spec_memory_swap_limit_bytes", MetricType.Gauge),
        [CgroupFields.Peak] = new("container_memory_max_usage_bytes", MetricType.Gauge),
        [CgroupFields.Failcnt] = new("container_memory_failcnt", MetricType.Unknown),
        [CgroupFields.Anon] = new("container_memory_rss", MetricType.Gauge),
        [CgroupFields.File] = new("container_memory_cache", MetricType.Gauge),
        [CgroupFields.Swap] = new("container_memory_swap", MetricType.Gauge),
        [CgroupFields.FileMapped] = new("container_memory_mapped_file", MetricType.Gauge),
        [CgroupFields.Kernel] = new("container_memory_kernel_usage", MetricType.Gauge),
        [CgroupFields.ActiveFile] = new("container_memory_total_active_file_bytes", MetricType.Gauge),
        [CgroupFields.InactiveFile] = new("container_memory_total_inactive_file_bytes", MetricType.Gauge),
        [CgroupFields.OomKill] = new("container_oom_events_total", MetricType.Counter),
        [CgroupFields.Pgfault] = new("container_memory_failures_total", MetricType.Counter, "failure_type=\"pgfault\"," + Hierarchy),
        [CgroupFields.Pgmajfault] = new("container_memory_failures_total", MetricType.Counter, "failure_type=\"pgmajfault\"," + Hierarchy),
        [CgroupFields.PressureSomeTotal] = new("container_pressure_memory_waiting_seconds_total", MetricType.Counter, "", MicrosecondsPerSecond),
        [CgroupFields.PressureFullTotal] = new("container_pressure_memory_stalled_seconds_total", MetricType.Counter, "", MicrosecondsPerSecond),
    };

    private static readonly Metric[] OfCgroups = [.. CgroupFields.List.All.Select(field => CadvisorNames.GetValueOrDefault(field) ?? Own(field, "ullage_cgroup_"))];
    private static readonly Metric[] OfHost = [.. HostFields.List.All.Select(Host)];

    /// <summary>Ullage, the distance to the kill.</summary>
    public static Metric Ullage { get; } = new("ullage_cgroup_ullage_bytes", MetricType.Gauge);

    /// <summary>The working set, as cAdvisor has it.</summary>
    public static Metric WorkingSet { get; } = new("container_memory_working_set_bytes", MetricType.Gauge);

    internal const string UllageHelp = "what can still be taken before the OOM killer comes, to the bound that is met first";
    internal const string WorkingSetHelp = "usage without inactive page cache";

    /// <summary>
    /// Names of node_exporter that are no snake case, such as <c>node_memory_MemTotal_bytes</c>, and the <c>ullage_host_…</c> name of the same figure, for checkers that
    /// insist on it.
    /// </summary>
    public static IReadOnlyDictionary<string, string> SnakeCase { get; } = HostFields.List.All.Where(field => Of(field).Name.Any(char.IsAsciiLetterUpper))
        .ToDictionary(field => Of(field).Name, field => $"ullage_host_{Snake(field.Name)}_bytes", StringComparer.Ordinal);

    /// <summary>The metric of a field.</summary>
    public static Metric Of(Field field) => (field.Scope == FieldScope.Host ? OfHost : OfCgroups)[field.Index];

    private static Metric Host(Field field)
    {
        string file = field.V2!.File;
        string? key = field.V2.Keys.Count == 1 ? field.V2.Keys[0] : null;
        return file switch
        {
            "/proc/meminfo" => new Metric($"node_memory_{key!.Replace("(", "_", StringComparison.Ordinal).Replace(")", "", StringComparison.Ordinal)}_bytes", MetricType.Gauge),
            "/proc/vmstat" when key is not null => new Metric($"node_vmstat_{key}", MetricType.Unknown),
            _ when file.StartsWith("/proc/pressure/", StringComparison.Ordinal) && key!.EndsWith(".total", StringComparison.Ordinal) =>
                Pressure(file["/proc/pressure/".Length..], key),
            _ => Own(field, "ullage_host_"),
        };
    }

    // node_exporter has no full stalls of CPUs.
    private static Metric Pressure(string resource, string key) => resource == "cpu" && key == "full.total"
        ? new Metric("ullage_host_pressure_cpu_stalled_seconds_total", MetricType.Counter, "", MicrosecondsPerSecond)
        : new Metric($"node_pressure_{resource}_{(key == "some.total" ? "waiting" : "stalled")}_seconds_total", MetricType.Counter, "", MicrosecondsPerSecond);

    // MemTotal is mem_total, Active(anon) active_anon, KReclaimable kreclaimable.
    private static string Snake(string name) => string.Concat(name.Replace(")", "", StringComparison.Ordinal).Replace('(', '_')
        .Select((each, i) => (i > 0 && char.IsAsciiLetterUpper(each) && char.IsAsciiLetterLower(name[i - 1]) ? "_" : "") + char.ToLowerInvariant(each)));

    private static Metric Own(Field field, string prefix)
    {
        (string unit, int divisor) = field.Unit switch
        {
            FieldUnit.Bytes => ("_bytes", 1),
            FieldUnit.Microseconds => ("_seconds", MicrosecondsPerSecond),
            FieldUnit.CentiPercent => ("_percent", 100),
            _ => ("", 1),
        };
        bool counter = field.Kind == FieldKind.Counter;
        return new Metric($"{prefix}{field.Name}{unit}{(counter ? "_total" : "")}", counter ? MetricType.Counter : MetricType.Gauge, "", divisor);
    }
}
