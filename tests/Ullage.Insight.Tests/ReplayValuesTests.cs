using System.Text.RegularExpressions;

namespace Ullage.Insight.Tests;

/// <summary>What the reading verbs say of a recording is what they said of the kernel when it was recorded: line by line, value by value.</summary>
public sealed partial class ReplayValuesTests
{
    [Theory]
    [InlineData("stat /test1 -i 100ms --format csv", 26)]
    [InlineData("stat / -i 100ms --format ndjson", 26)]
    [InlineData("pressure /test1 -i 100ms --format csv", 40)]
    [InlineData("slab -i 100ms --format csv", 2000)]
    [InlineData("slab -i 100ms -n 5", 100)]
    [InlineData("top -b -i 100ms", 100)]
    public async Task ReplayOfAModelSaysWhatWasSaidLive(string verb, int least)
    {
        using TempDirectory directory = new();
        string recording = directory.File("oom.ullage");
        (await Ullages.RunAsync("run", "anon-oom", "-o", recording, "-i", "100ms")).Code.ShouldBe(0);
        string[] words = verb.Split(' ');
        (int code, string live, string error) = await Ullages.RunAsync([.. words, "--scenario", "anon-oom"]);
        code.ShouldBe(0, error);
        (code, string replayed, error) = await Ullages.RunAsync(["replay", recording, "--", .. words]);
        code.ShouldBe(0, error);
        string[] expected = Lines(live);
        Lines(replayed).ShouldBe(expected);
        expected.Length.ShouldBeGreaterThanOrEqualTo(least);
    }

    [Theory]
    [InlineData("6.1-v2/pressure", "stat /gt/work/web -c 1 --format csv", "46493696")]
    [InlineData("6.1-v2/pressure", "stat /gt/work/web -c 1 -v", "/gt/work")]
    [InlineData("6.1-v2/pressure", "slab -c 1 --format csv", "dentry,8699904,44604")]
    [InlineData("6.1-v2/pressure", "top -b -c 1", "web")]
    [InlineData("6.18-v1/pressure", "slab -c 1 --format csv", "ext4_inode_cache,387547136,331156")]
    [InlineData("6.18-v1/pressure", "top -b -c 1", "ullage top")]
    [InlineData("4.15-v1/idle", "stat / -c 1 --format csv", "71614464")]
    [InlineData("4.15-v1/idle", "slab -c 1", "inode_cache")]
    public async Task ReplayOfAHostSaysWhatWasSaidLive(string tree, string verb, string shown)
    {
        using TempDirectory directory = new();
        string root = Path.Combine(Ullages.Root, "tests/data/fixtures", tree);
        string recording = directory.File("host.ullage");
        (int code, _, string error) = await Ullages.RunAsync("record", "--root", root, "-o", recording, "-i", "100ms", "-c", "2", "--quiet");
        code.ShouldBe(0, error);
        (code, string live, error) = await Ullages.RunAsync([.. verb.Split(' '), "--root", root]);
        code.ShouldBe(0, error);
        (code, string replayed, error) = await Ullages.RunAsync(["replay", recording, "--", .. verb.Split(' ')]);
        code.ShouldBe(0, error);
        string[] expected = Lines(Clock().Replace(live, "TIME").Replace(root, "recording host.ullage", StringComparison.Ordinal));
        Lines(Clock().Replace(replayed, "TIME")).ShouldBe(expected);
        live.ShouldContain(shown);
    }

    [Fact]
    public async Task ReplayOfStatGoesThroughAllSamplesUnlessToldOtherwise()
    {
        using TempDirectory directory = new();
        string recording = directory.File("oom.ullage");
        (await Ullages.RunAsync("run", "anon-oom", "-o", recording, "-i", "100ms")).Code.ShouldBe(0);
        (_, string all, _) = await Ullages.RunAsync("replay", recording, "--", "stat", "/test1", "--format", "csv");
        Lines(all).Length.ShouldBe(27, "a header and 26 samples");
        (_, string one, _) = await Ullages.RunAsync("replay", recording, "--at", "1s", "--", "stat", "/test1", "--format", "csv", "-c", "1");
        Lines(one).Length.ShouldBe(2);
        all.ShouldContain(Lines(one)[1]);
    }

    // All but the first line of a screen, which names the source.
    private static string[] Lines(string text) =>
        [.. text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(line => !line.StartsWith("ullage top", StringComparison.Ordinal))];

    [GeneratedRegex(@"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z|\d\d:\d\d:\d\d")]
    private static partial Regex Clock();
}
