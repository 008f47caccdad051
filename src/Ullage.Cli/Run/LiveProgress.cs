using System.Text;
using Spectre.Console;
using Spectre.Console.Rendering;
using Ullage.Cli.Terminal;
using Ullage.Lab.Results;

namespace Ullage.Cli.Run;

/// <summary>One region of the terminal that shows how a run stands; it is gone when the run ends.</summary>
internal sealed class LiveProgress(CliConsole console, string title, RunRecorder recorder)
{
    // Most runs on the model end before this: they show only their report.
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan Refresh = TimeSpan.FromMilliseconds(100);
    private const int MostRows = 8;

    public async Task WatchAsync(Task run)
    {
        await Task.WhenAny(run, Task.Delay(Patience)).ConfigureAwait(false);
        if (run.IsCompleted)
        {
            return;
        }
        IAnsiConsole terminal = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = AnsiSupport.Yes,
            Interactive = InteractionSupport.Yes,
            ColorSystem = console.Colour ? ColorSystemSupport.Standard : ColorSystemSupport.NoColors,
            Out = new ErrorOutput(console),
        });
        await terminal.Live(Picture()).AutoClear(true).StartAsync(async context =>
        {
            while (!run.IsCompleted)
            {
                context.UpdateTarget(Picture());
                await Task.WhenAny(run, Task.Delay(Refresh)).ConfigureAwait(false);
            }
        }).ConfigureAwait(false);
    }

    private Rows Picture()
    {
        List<IRenderable> rows = [];
        foreach ((string line, Tone tone) in Lines())
        {
            rows.Add(new Text(line.Length < console.Width ? line : line[..(console.Width - 1)], StyleOf(tone)));
        }
        return new Rows(rows);
    }

    /// <summary>What the region shows now.</summary>
    internal IEnumerable<(string Line, Tone Tone)> Lines()
    {
        RunProgress now = recorder.Now();
        yield return ($"{title}: {Amounts.Time(now.TNs)}", Tone.Plain);
        foreach (GaugeLevel level in now.Levels.Take(MostRows))
        {
            yield return Gauge(level);
        }
        foreach (ProcessResult process in now.Ended.TakeLast(MostRows))
        {
            yield return ($"  {process.Name}: {Fate.Of(process)}", Fate.ToneOf(process));
        }
        if (now.LastLog is string log)
        {
            yield return ("  " + log, Tone.Dim);
        }
    }

    private (string, Tone) Gauge(GaugeLevel level)
    {
        if (level.UsageBytes is not long usage)
        {
            return ($"  {level.Cgroup}: -", Tone.Dim);
        }
        string figures = $"{Amounts.Size(usage),6} of {Amounts.Limit(level.LimitBytes),-6}";
        if (level.LimitBytes is not (long limit and > 0))
        {
            return ($"  {level.Cgroup}  {figures}", Tone.Plain);
        }
        int bar = Math.Clamp(console.Width - level.Cgroup.Length - 30, 10, 40);
        int filled = (int)Math.Clamp((double)usage / limit * bar, 0, bar);
        StringBuilder line = new($"  {level.Cgroup}  [");
        line.Append(console.Utf8 ? '█' : '#', filled).Append(console.Utf8 ? '░' : '.', bar - filled);
        line.Append($"] {figures}{Amounts.Percent(usage, limit),5}");
        return (line.ToString(), usage > 0.95 * limit ? Tone.Red : Tone.Plain);
    }

    private static Style StyleOf(Tone tone) => tone switch
    {
        Tone.Dim => new Style(decoration: Decoration.Dim),
        Tone.Yellow => new Style(Color.Olive),
        Tone.Red => new Style(Color.Maroon),
        Tone.Magenta => new Style(Color.Purple),
        _ => Style.Plain,
    };

    private sealed class ErrorOutput(CliConsole console) : IAnsiConsoleOutput
    {
        public TextWriter Writer => console.Error;
        public bool IsTerminal => console.ErrorIsTerminal;
        public int Width => console.Width;
        public int Height => console.Height;

        // The writer's encoding is UTF-8 always.
        public void SetEncoding(Encoding encoding)
        {
        }
    }
}
