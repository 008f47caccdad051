using Ullage.Observe.Fields;
using Ullage.Observe.Host;
using Ullage.Observe.Metrics;
using Ullage.Observe.Sampling;

namespace Ullage.Observe.Tests.Metrics;

public sealed class OpenMetricsTextTests
{
    private static Sample Web => Samples.Of(new HostFiles(Path.Combine(Fixtures.Data, "fixtures", "6.1-v2/pressure")));

    [Fact]
    public void WriteHasTheNamesAndValuesOfCadvisorAndNodeExporter()
    {
        string text = OpenMetricsText.Write(Web);
        text.ShouldContain("\ncontainer_memory_usage_bytes{id=\"/gt/work/web\"} 46493696\n");
        text.ShouldContain("\ncontainer_spec_memory_limit_bytes{id=\"/gt/work/web\"} +Inf\n");
        text.ShouldContain("\nnode_memory_MemTotal_bytes ");
        text.ShouldContain("\nnode_vmstat_pgfault ");
        text.ShouldContain("# TYPE node_pressure_memory_waiting_seconds counter\n");
        text.ShouldEndWith("# EOF\n");
        text.ShouldNotContain("failcnt", customMessage: "what is unavailable has no line");
    }

    [Fact]
    public void NamesAreUniqueButForTheLabelsThatTellThemApart()
    {
        IEnumerable<string> names = CgroupFields.List.All.Concat(HostFields.List.All).Select(MetricNames.Of).Append(MetricNames.Ullage).Append(MetricNames.WorkingSet)
            .Select(metric => metric.Name + metric.Labels);
        names.ShouldBeUnique();
        MetricNames.Of(HostFields.ActiveAnon).Name.ShouldBe("node_memory_Active_anon_bytes");
        MetricNames.Of(HostFields.Allocstall).Name.ShouldBe("ullage_host_allocstall_total", "node_exporter has no sum of them");
    }

    [Fact]
    public void LabelsAreEscaped()
    {
        Sample sample = Samples.Chain(2, 1, ("/a\"b\\c\nd", 1, [(CgroupFields.Usage, 1)]));
        OpenMetricsText.Write(sample, host: false).ShouldContain("{id=\"/a\\\"b\\\\c\\nd\"} 1\n");
    }
}
