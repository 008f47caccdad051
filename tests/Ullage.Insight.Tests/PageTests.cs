using System.Text.Json;
using System.Text.RegularExpressions;
using Ullage.Insight.Pages;
using Ullage.Insight.Timelines;

namespace Ullage.Insight.Tests;

public sealed partial class PageTests
{
    [Fact]
    public async Task ReportOfARunHasEverythingAndNeedsNothing()
    {
        using TempDirectory directory = new();
        string path = directory.File("out.html");
        (int code, _, string error) = await Ullages.RunAsync("run", "anon-oom", "--report", path);
        code.ShouldBe(0, error);
        string html = File.ReadAllText(path);
        html.ShouldContain("leak was killed by the OOM killer at 99.8M of its 100M limit (/test1)");
        html.ShouldContain("ullage run anon-oom --report");
        html.ShouldContain("- grow: { bytes: 200M, chunk: 1MiB, rate: 40MiB/s }");
        html.ShouldContain("OOM killer killed");
        html.ShouldContain("leak invoked oom-killer: gfp_mask=");
        html.ShouldContain("task_struct");
        Outside().Matches(WithoutScripts(html)).Count.ShouldBe(0);
        using JsonDocument data = JsonDocument.Parse(DataOf(html));
        data.RootElement.GetProperty("runs")[0].GetProperty("scopes").EnumerateArray().Select(scope => scope.GetProperty("name").GetString()).ShouldBe(["machine", "/test1"]);
    }

    [Fact]
    public async Task ReportOfStacksHasAFlameGraph()
    {
        using TempDirectory directory = new();
        string path = directory.File("psi.html");
        (int code, _, string error) = await Ullages.RunAsync("run", "psi-oom-cgroup", "--report", path);
        code.ShouldBe(0, error);
        string html = File.ReadAllText(path);
        html.ShouldContain("id=\"stacks\"");
        html.ShouldContain("psi_memstall_enter, all calls: ");
    }

    [Fact]
    public void NamesAreEscapedWhereverTheyStand()
    {
        string html = Hostile.Page();
        html.ShouldNotContain("<script>alert");
        html.ShouldNotContain("<img src");
        html.ShouldNotContain("</script><b>");
        html.ShouldContain("&lt;script&gt;alert(1)&lt;/script&gt;");
        using JsonDocument data = JsonDocument.Parse(DataOf(html));
        data.RootElement.GetProperty("runs")[0].GetProperty("scopes")[1].GetProperty("name").GetString().ShouldBe("/<script>alert(1)</script>");
        html.ShouldContain("\\u202e", Case.Sensitive); // a direction mark is shown, not obeyed
    }

    [Fact]
    public void EventsOfOneReportAreOneEvent()
    {
        IReadOnlyList<ReportEvent> events = KernelEvents.Of(
        [
            (1, "a invoked oom-killer: gfp_mask=0x0"), (2, "memory: usage 1kB, limit 1kB, failcnt 0"), (3, "Memory cgroup out of memory: Killed process 7 (a b) total-vm:1kB"),
            (5, "SLUB: Unable to allocate memory on node -1"), (5, "  cache: dentry"), (9_000_000_000, "something else"),
        ]);
        events.Select(each => each.Title).ShouldBe(["OOM killer killed 7 (a b)", "SLUB: Unable to allocate memory on node -1", "something else"]);
        events[0].Text.Split('\n').Length.ShouldBe(3);
        events[1].Text.ShouldEndWith("cache: dentry");
    }

    internal static string DataOf(string html) => Data().Match(html).Groups["json"].Value;

    private static string WithoutScripts(string html) => Scripts().Replace(html, "");

    [GeneratedRegex("""<script id="data" type="application/json">(?<json>.*?)</script>""", RegexOptions.Singleline | RegexOptions.ExplicitCapture, 10_000)]
    private static partial Regex Data();

    [GeneratedRegex("<script.*?</script>", RegexOptions.Singleline | RegexOptions.ExplicitCapture, 10_000)]
    private static partial Regex Scripts();

    [GeneratedRegex("""(src|href)="(?!#|data:)|url\(|@import""", RegexOptions.ExplicitCapture, 10_000)]
    private static partial Regex Outside();
}

/// <summary>A report in which everything that others name is hostile.</summary>
internal static class Hostile
{
    public const string Name = "<script>alert(1)</script>";

    public static string Page()
    {
        Timeline timeline = new(MemoryHierarchy.Usual(2));
        TextKernel kernel = new();
        foreach (string cgroup in new[] { "/" + Name, "/\"><img src=x onerror=alert(2)>", "/\u202eevil" })
        {
            kernel.Texts[$"/sys/fs/cgroup{cgroup}/memory.current"] = "4096\n";
            kernel.Texts[$"/sys/fs/cgroup{cgroup}/memory.stat"] = "anon 4096\nfile 0\n";
        }
        kernel.Texts["/proc/meminfo"] = "MemTotal:        2097152 kB\nMemFree:         1000000 kB\n";
        kernel.Texts["/proc/slabinfo"] = "slabinfo - version: 2.1\n# name            <active_objs> <num_objs> <objsize> <objperslab> <pagesperslab> : tunables <limit> <batchcount> <sharedfactor> : slabdata <active_slabs> <num_slabs> <sharedavail>\n"
            + "<b>cache</b>           9      9    100   10    1 : tunables    0    0    0 : slabdata      1      1      0\n";
        timeline.Sample(0, kernel, [.. kernel.Texts.Keys.Where(path => path.EndsWith("memory.current", StringComparison.Ordinal)).Select(path => path["/sys/fs/cgroup".Length..^"/memory.current".Length]).Order(StringComparer.Ordinal).Reverse().OrderBy(path => path.Contains(Name, StringComparison.Ordinal) ? 0 : 1)]);
        timeline.Sample(1_000_000_000, kernel, [.. timeline.Cgroups.Select(track => track.Name)]);
        ReportPage page = new()
        {
            Title = Name, Verdict = Name + "</script><b>", Command = "ullage run '" + Name + "'",
            Facts = [new(Name, Name)],
            Runs = [new ReportRun { Name = Name, Timeline = timeline, Events = [new ReportEvent(500_000_000, "oom", Name, "</pre>" + Name)] }],
            Tables = [new ReportTable(Name, [Name, "#" + Name], [new ReportRow([Name, Name], "red")], Name)],
            Stacks = [new ReportStack(Name, 3, [Name, "main"])],
            Texts = [new(Name, "</pre>" + Name)],
            Notes = [Name],
        };
        using StringWriter writer = new();
        HtmlPage.Write(page, writer);
        return writer.ToString();
    }
}

/// <summary>A kernel of texts.</summary>
internal sealed class TextKernel : Abi.IKernelFiles
{
    public Dictionary<string, string> Texts { get; } = new(StringComparer.Ordinal);

    public Abi.KernelRead Read(string path) => Texts.TryGetValue(path, out string? text) ? Abi.KernelRead.Of(text) : Abi.KernelRead.Failed(Abi.Errno.ENOENT);

    public Abi.Errno Write(string path, string text) => Abi.Errno.EROFS;

    public Abi.KernelList List(string path) => Abi.KernelList.Failed(Abi.Errno.ENOENT);
}
