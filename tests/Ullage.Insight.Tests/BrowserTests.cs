using Microsoft.Playwright;
using Xunit.Abstractions;

namespace Ullage.Insight.Tests;

/// <summary>
/// Opens reports in Chromium. With <c>ULLAGE_SCREENSHOTS=DIRECTORY</c> in the environment, keeps what it saw.
/// </summary>
public sealed class BrowserTests(ITestOutputHelper output)
{
    private const string Blank = """
        () => [...document.querySelectorAll('.plot canvas')].map(canvas => {
          const pixels = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
          const colours = new Set();
          for (let i = 0; i < pixels.length; i += 4) if (pixels[i + 3] > 200) colours.add(pixels[i] << 16 | pixels[i + 1] << 8 | pixels[i + 2]);
          return colours.size;
        })
        """;

    [Fact]
    public async Task ReportOfARunIsDrawnInBothThemesAndAllWidthsWithoutErrorOrRequest()
    {
        using TempDirectory directory = new();
        string path = directory.File("out.html");
        (await Ullages.RunAsync("run", "anon-oom", "--report", path)).Code.ShouldBe(0);
        await WithBrowserAsync(async browser =>
        {
            foreach (ColorScheme scheme in new[] { ColorScheme.Light, ColorScheme.Dark })
            {
                foreach (int width in new[] { 400, 800, 1200, 1600 })
                {
                    await using Visit visit = await Visit.OpenAsync(browser, new Uri("file://" + path), width, scheme);
                    (await visit.Page.EvaluateAsync<int[]>(Blank)).ShouldAllBe(colours => colours >= 3);
                    (await visit.Page.Locator(".plot canvas").CountAsync()).ShouldBeGreaterThanOrEqualTo(3);
                    (await visit.Page.EvaluateAsync<int>("() => document.documentElement.scrollWidth - innerWidth")).ShouldBeLessThanOrEqualTo(0);
                    (await visit.Page.EvaluateAsync<string>("() => document.documentElement.dataset.theme")).ShouldBe(scheme == ColorScheme.Light ? "light" : "dark");
                    await visit.KeepAsync($"run-{scheme}-{width}");
                    visit.ShouldBeClean();
                }
            }
        });
    }

    [Fact]
    public async Task ZoomIsSharedByAllChartsAndKeysMoveThroughTime()
    {
        using TempDirectory directory = new();
        string path = directory.File("out.html");
        (await Ullages.RunAsync("run", "anon-oom", "--kernel", "4.1,6.18", "--report", path)).Code.ShouldBeLessThan(2);
        await WithBrowserAsync(async browser =>
        {
            await using Visit visit = await Visit.OpenAsync(browser, new Uri("file://" + path), 1200, ColorScheme.Light);
            ILocator first = visit.Page.Locator(".chart").First;
            LocatorBoundingBoxResult box = (await first.Locator("canvas").BoundingBoxAsync())!;
            await visit.Page.Mouse.MoveAsync(box.X + 300, box.Y + 80);
            await visit.Page.Mouse.DownAsync();
            await visit.Page.Mouse.MoveAsync(box.X + 600, box.Y + 80, new() { Steps = 5 });
            await visit.Page.Mouse.UpAsync();
            string[] zoomed = await Scales(visit);
            zoomed.Distinct().Count().ShouldBe(1);
            await first.FocusAsync();
            await visit.Page.Keyboard.PressAsync("0");
            string[] whole = await Scales(visit);
            whole.Distinct().Count().ShouldBe(1);
            whole[0].ShouldNotBe(zoomed[0]);
            await visit.Page.Keyboard.PressAsync("End");
            await visit.Page.Keyboard.PressAsync("ArrowLeft");
            (await visit.Page.Locator("#say").TextContentAsync())!.ShouldMatch(@"s: usage, model 4\.1 ");
            await visit.Page.Keyboard.PressAsync("+");
            (await Scales(visit)).Distinct().Count().ShouldBe(1);
            await visit.KeepAsync("eras");
            visit.ShouldBeClean();
        });
    }

    [Fact]
    public async Task HostileNamesAreTextAndNothingRuns()
    {
        using TempDirectory directory = new();
        string path = directory.File("hostile.html");
        File.WriteAllText(path, Hostile.Page());
        await WithBrowserAsync(async browser =>
        {
            await using Visit visit = await Visit.OpenAsync(browser, new Uri("file://" + path), 1200, ColorScheme.Light);
            (await visit.Page.Locator("h1").TextContentAsync()).ShouldBe(Hostile.Name);
            (await visit.Page.Locator("#scope option").AllTextContentsAsync()).ShouldContain("/" + Hostile.Name);
            await visit.Page.Locator("#scope").SelectOptionAsync("/" + Hostile.Name);
            (await visit.Page.EvaluateAsync<int>("() => document.querySelectorAll('script').length")).ShouldBe(3);
            visit.ShouldBeClean();
        });
    }

    [Fact]
    public async Task LivePageDrawsWhatTheSamplerReadsAndAsksOnlyItsServer()
    {
        await WithBrowserAsync(browser => Ullages.ServeAsync(["--scenario", "anon-oom", "-i", "200ms"], async address =>
        {
            await using Visit visit = await Visit.OpenAsync(browser, address, 1000, ColorScheme.Light);
            await visit.Page.WaitForFunctionAsync("() => document.getElementById('state').textContent.startsWith('live')");
            (await visit.Page.EvaluateAsync<int[]>(Blank)).ShouldAllBe(colours => colours >= 3);
            await visit.Page.WaitForFunctionAsync("() => Number(document.querySelector('.chart').dataset.x.split(' ')[1]) > 0.9");
            await visit.KeepAsync("live");
            visit.Errors.ShouldBeEmpty();
            visit.Requests.ShouldAllBe(url => url.StartsWith(address.AbsoluteUri, StringComparison.Ordinal));
        }));
    }

    private static async Task<string[]> Scales(Visit visit)
    {
        await visit.Page.WaitForTimeoutAsync(100);
        return await visit.Page.EvaluateAsync<string[]>("() => [...document.querySelectorAll('.chart[data-x]')].map(chart => chart.dataset.x)");
    }

    private async Task WithBrowserAsync(Func<IBrowser, Task> use)
    {
        if (Programs.Find("chromium", "chromium", output) is not string chromium)
        {
            return;
        }
        using IPlaywright playwright = await Playwright.CreateAsync();
        await using IBrowser browser = await playwright.Chromium.LaunchAsync(new() { ExecutablePath = chromium, Args = ["--no-sandbox", "--disable-gpu"] });
        await use(browser);
    }
}

/// <summary>A page that was opened, and what it complained of and asked for.</summary>
internal sealed class Visit : IAsyncDisposable
{
    private readonly IBrowserContext _context;

    private Visit(IBrowserContext context, IPage page)
    {
        _context = context;
        Page = page;
        page.Console += (_, message) => { if (message.Type is "error" or "warning") { Errors.Add(message.Text); } };
        page.PageError += (_, error) => Errors.Add(error);
        page.Dialog += (_, dialog) => { Errors.Add("dialog: " + dialog.Message); _ = dialog.DismissAsync(); };
        page.Request += (_, request) => Requests.Add(request.Url);
    }

    public IPage Page { get; }

    public List<string> Errors { get; } = [];

    public List<string> Requests { get; } = [];

    /// <summary>Milliseconds from the beginning to the first paint.</summary>
    public double FirstPaintMs { get; private set; }

    public static async Task<Visit> OpenAsync(IBrowser browser, Uri address, int width, ColorScheme scheme)
    {
        IBrowserContext context = await browser.NewContextAsync(new() { ViewportSize = new() { Width = width, Height = 900 }, ColorScheme = scheme });
        Visit visit = new(context, await context.NewPageAsync());
        await visit.Page.GotoAsync(address.AbsoluteUri, new() { Timeout = 60_000 });
        await visit.Page.WaitForSelectorAsync("html[data-charts]", new() { State = WaitForSelectorState.Attached, Timeout = 60_000 });
        visit.FirstPaintMs = await visit.Page.EvaluateAsync<double>("() => (performance.getEntriesByName('first-contentful-paint')[0] || {startTime: -1}).startTime");
        return visit;
    }

    public void ShouldBeClean()
    {
        Errors.ShouldBeEmpty();
        Requests.Where(url => !url.StartsWith("data:", StringComparison.Ordinal)).Distinct().Count().ShouldBe(1);
    }

    public async Task KeepAsync(string name)
    {
        if (Environment.GetEnvironmentVariable("ULLAGE_SCREENSHOTS") is { Length: > 0 } directory)
        {
            Directory.CreateDirectory(directory);
            await Page.ScreenshotAsync(new() { Path = System.IO.Path.Combine(directory, name + ".png"), FullPage = true });
        }
    }

    public ValueTask DisposeAsync() => _context.DisposeAsync();
}
