using System.Text;
using Ullage.Cli.Sources;
using Ullage.Cli.Terminal;
using Ullage.Cli.Verbs;
using Ullage.Observe.Readings;
using Ullage.Observe.Sampling;

namespace Ullage.Cli.Top;

/// <summary>Carries out <c>ullage top</c>: on a terminal a screen that answers to keys, else plain text.</summary>
internal sealed class TopLoop(CliConsole console, CliServices services)
{
    private const string EnterScreen = "\e[?1049h\e[?25l";
    private const string LeaveScreen = "\e[?25h\e[?1049l";
    private readonly Reading _reading = new();

    public async Task<int> RunAsync(WatchRequest request, bool batch, string sort, CancellationToken cancel)
    {
        SourceRequest wanted = request.Source with { Depth = null, NeedsCgroups = request.Cgroup is not null };
        using ISampleSource source = services.Source?.Invoke(wanted) ?? SampleSources.Open(wanted, services);
        _ = SampleSources.Wanted(request.Source, source.Mounts);
        TopView view = new() { Interval = request.Interval, SortBy = TopColumn.IndexOf(sort) };
        IKeyboard? keyboard = batch || !console.OutIsTerminal ? null : console.OpenKeyboard?.Invoke();
        return keyboard is null
            ? await TextAsync(request, source, view, cancel).ConfigureAwait(false)
            : await ScreenAsync(source, view, keyboard, cancel).ConfigureAwait(false);
    }

    private async Task<int> TextAsync(WatchRequest request, ISampleSource source, TopView view, CancellationToken cancel)
    {
        // The first sample is only there to be compared with.
        SampleLoop loop = new(services.Time, request.Interval, 1 + (request.Count ?? (request.IntervalIsDefault ? 1 : int.MaxValue - 1)));
        bool any = false;
        while (loop.WantsMore)
        {
            await loop.WaitAsync(source.IsLive, cancel).ConfigureAwait(false);
            if (!_reading.Advance(source, out string end))
            {
                console.WriteError("ullage: " + end);
                break;
            }
            if (!_reading.HasBefore)
            {
                continue;
            }
            if (any)
            {
                console.WriteLine();
            }
            any = true;
            foreach (ScreenLine line in new TopScreen(view, _reading, source).Whole(console.Width))
            {
                console.WriteLine(console.Paint(line.Text.TrimEnd(), line.Tone));
            }
        }
        return ExitCodes.Ok;
    }

    private async Task<int> ScreenAsync(ISampleSource source, TopView view, IKeyboard keyboard, CancellationToken cancel)
    {
        console.Out.Write(EnterScreen);
        try
        {
            await FramesAsync(source, view, keyboard, cancel).ConfigureAwait(false);
            return ExitCodes.Ok;
        }
        finally
        {
            console.Out.Write(LeaveScreen);
        }
    }

    private async Task FramesAsync(ISampleSource source, TopView view, IKeyboard keyboard, CancellationToken cancel)
    {
        bool sample = true;
        long sampled = 0;
        string ended = "";
        while (true)
        {
            cancel.ThrowIfCancellationRequested();
            if (sample && ended.Length == 0 && !_reading.Advance(source, out ended))
            {
                view.Notice = ended + "; q quits";
            }
            sampled = sample ? services.Time.GetTimestamp() : sampled;
            Draw(view, source);
            TimeSpan wait = view.Paused || ended.Length > 0 ? TimeSpan.FromHours(1) : view.Interval - services.Time.GetElapsedTime(sampled);
            KeyPress? key = await keyboard.NextAsync(wait > TimeSpan.Zero ? wait : TimeSpan.Zero, cancel).ConfigureAwait(false);
            TopOutcome outcome = key is KeyPress pressed ? TopKeys.Press(view, _reading, pressed) : TopOutcome.Sample;
            if (outcome == TopOutcome.Quit)
            {
                return;
            }
            sample = outcome == TopOutcome.Sample;
        }
    }

    // One write for the whole frame, each line cleared behind its text: nothing flickers, over ssh neither.
    private void Draw(TopView view, ISampleSource source)
    {
        (int width, int height) = console.Measure?.Invoke() ?? (console.Width, console.Height);
        StringBuilder frame = new("\e[H");
        IReadOnlyList<ScreenLine> lines = new TopScreen(view, _reading, source).Lines(width, Math.Max(8, height));
        for (int i = 0; i < lines.Count; i++)
        {
            string text = lines[i].IsCursor ? $"\e[7m{lines[i].Text.PadRight(width)}\e[0m" : console.Paint(lines[i].Text, lines[i].Tone);
            frame.Append(text).Append(lines[i].IsCursor ? "" : "\e[K").Append(i < lines.Count - 1 ? "\r\n" : "");
        }
        console.Out.Write(frame.Append("\e[J").ToString());
    }
}
