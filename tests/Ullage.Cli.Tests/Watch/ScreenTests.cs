using Ullage.Cli.Sources;
using Ullage.Cli.Terminal;
using Ullage.Cli.Tests.Support;
using Ullage.Cli.Top;
using Ullage.Observe.Readings;
using Ullage.Observe.Sampling;

namespace Ullage.Cli.Tests.Watch;

/// <summary>The screens of top, 80 by 24, from the model: the documentation shows the same.</summary>
public sealed class ScreenTests
{
    private static string Shop => Path.Combine(Repository.Root, "tests", "data", "cli", "shop.yaml");

    private static ISampleSource Open(double seconds = 1) =>
        SampleSources.Open(new SourceRequest { Scenario = Shop, Interval = TimeSpan.FromSeconds(seconds) }, Wiring.Services());

    private static Reading After(ISampleSource source, int samples)
    {
        Reading reading = new();
        for (int i = 0; i < samples; i++)
        {
            reading.Advance(source, out _).ShouldBeTrue();
        }
        return reading;
    }

    private static string Text(TopView view, Reading reading, ISampleSource source, int width = 80, int height = 24)
    {
        IReadOnlyList<ScreenLine> lines = new TopScreen(view, reading, source).Lines(width, height);
        lines.Count.ShouldBe(height);
        lines.ShouldAllBe(line => line.Text.Length <= width);
        return string.Join('\n', lines.Select(line => line.Text.TrimEnd())) + "\n";
    }

    private static void Press(TopView view, Reading reading, params KeyPress[] keys)
    {
        foreach (KeyPress key in keys)
        {
            TopKeys.Press(view, reading, key);
        }
    }

    private static KeyPress[] Keys(string text) => [.. text.Select(each => each == '\n' ? KeyPress.Of(NamedKey.Enter) : new KeyPress(each))];

    [Fact]
    public void TopShowsTheTreeInEightyByTwentyFour()
    {
        using ISampleSource source = Open();
        Golden.Match(Text(new TopView(), After(source, 7), source), "top-list.txt");
    }

    [Fact]
    public void TopEnterTellsTheRowsStory()
    {
        using ISampleSource source = Open();
        Reading reading = After(source, 7);
        TopView view = new();
        Press(view, reading, Keys("/batch\njj\n"));
        view.Mode.ShouldBe(TopMode.Story);
        Golden.Match(Text(view, reading, source), "top-story.txt");
        Press(view, reading, Keys("q"));
        view.Mode.ShouldBe(TopMode.List);
    }

    [Fact]
    public void TopQuestionMarkExplainsKeysAndColumns()
    {
        using ISampleSource source = Open();
        Reading reading = After(source, 1);
        TopView view = new();
        Press(view, reading, Keys("?"));
        string help = Text(view, reading, source);
        Golden.Match(help, "top-help.txt");
        help.ShouldContain("marks");
    }

    [Fact]
    public void TopMarksAKillAndTheCgroupThatIsShortOfIt()
    {
        using ISampleSource source = Open();
        Reading reading = After(source, 7);
        int batch = reading.Now.RowOf("/batch");
        TopScreen.MarkOf(reading, batch).Mark.ShouldBe(' ');
        reading.Advance(source, out _);
        TopScreen.MarkOf(reading, batch).Mark.ShouldBe('x');
        TopScreen.MarkOf(reading, reading.Now.RowOf("/shop/web")).Mark.ShouldBe(' ');
    }

    [Fact]
    public void TopKeysSortFoldFindAndMove()
    {
        using ISampleSource source = Open();
        Reading reading = After(source, 5);
        TopView view = new();
        string[] Paths() => [.. view.Rows(reading).Select(row => reading.Now[row].Path)];
        Paths().ShouldBe(["/", "/shop", "/shop/web", "/shop/db", "/batch"]);
        Press(view, reading, Keys("U"));
        Paths().ShouldBe(["/", "/batch", "/shop", "/shop/web", "/shop/db"], "the least ullage first, siblings below their parent");
        Press(view, reading, Keys("M"));
        Press(view, reading, Keys("j-"));
        Paths().ShouldBe(["/", "/shop", "/batch"]);
        Press(view, reading, Keys("/DB\n"));
        Paths().ShouldBe(["/", "/shop", "/shop/db"]);
        Press(view, reading, KeyPress.Of(NamedKey.Escape));
        Press(view, reading, KeyPress.Of(NamedKey.Right));
        Paths().Length.ShouldBe(5);
        Press(view, reading, KeyPress.Of(NamedKey.End));
        reading.Now[view.SelectedRow(reading)].Path.ShouldBe("/batch");
        Press(view, reading, Keys(">>"));
        TopColumn.All[view.SortBy].Title.ShouldBe("ULLAGE");
        Press(view, reading, Keys("<<<"));
        view.SortBy.ShouldBe(0);
    }

    [Fact]
    public void TopDelayTypedWronglySaysWhatIsAccepted()
    {
        using ISampleSource source = Open();
        Reading reading = After(source, 1);
        TopView view = new();
        Press(view, reading, Keys("s0.2\n"));
        view.Interval.ShouldBe(TimeSpan.FromMilliseconds(200));
        Press(view, reading, Keys("ssoon\n"));
        view.Notice.ShouldContain("delay 'soon' is not an interval");
        view.Interval.ShouldBe(TimeSpan.FromMilliseconds(200));
        TopKeys.Press(view, reading, new KeyPress('q')).ShouldBe(TopOutcome.Quit);
        TopKeys.Press(view, reading, new KeyPress(' ')).ShouldBe(TopOutcome.Sample);
    }

    [Theory]
    [InlineData(40, 10)]
    [InlineData(80, 24)]
    [InlineData(120, 50)]
    [InlineData(200, 8)]
    public void TopFitsAnyTerminal(int width, int height)
    {
        using ISampleSource source = Open();
        Reading reading = After(source, 3);
        foreach (TopMode mode in Enum.GetValues<TopMode>())
        {
            Text(new TopView { Mode = mode }, reading, source, width, height);
        }
    }

    [Fact]
    public void TopWiderHasMoreColumns()
    {
        using ISampleSource source = Open();
        Reading reading = After(source, 3);
        Text(new TopView(), reading, source, 120).ShouldContain("HITS/S");
        Text(new TopView(), reading, source).ShouldNotContain("SWAP ");
    }

    [Fact]
    public void TheUllageOfTheLeakNearsNothingBeforeItIsKilled()
    {
        using ISampleSource source = Open(0.01);
        Reading reading = new();
        long least = long.MaxValue;
        while (reading.Advance(source, out _) && reading.Now.RowOf("/batch") is int row)
        {
            if (reading.Now.Value(Ullage.Observe.Fields.CgroupFields.OomKill, row) > 0)
            {
                break;
            }
            least = Math.Min(least, UllageReading.Of(reading.Now, row).Bytes!.Value);
        }
        least.ShouldBeInRange(0, 512 << 10); // 10 ms of its growth, and what a batch may hold
    }

    [Theory]
    [InlineData("top.md", "top-list.txt")]
    [InlineData("top.md", "top-story.txt")]
    [InlineData("stat.md", "stat-batch.txt")]
    [InlineData("pressure.md", "pressure-db.txt")]
    [InlineData("slab.md", "slab-000.txt")]
    public void DocumentationShowsTheSameScreens(string page, string golden)
    {
        string text = File.ReadAllText(Path.Combine(Repository.Root, "docs", "cli", page));
        string screen = File.ReadAllText(Path.Combine(Repository.Root, "tests", "Ullage.Cli.Tests", "Golden", golden));
        text.Contains(screen, StringComparison.Ordinal).ShouldBeTrue($"docs/cli/{page} must show {golden} as it is now");
    }
}
