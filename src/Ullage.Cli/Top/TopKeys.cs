using Ullage.Cli.Terminal;
using Ullage.Cli.Verbs;
using Ullage.Observe.Readings;
using Ullage.Observe.Sampling;

namespace Ullage.Cli.Top;

/// <summary>What a key made of the view.</summary>
internal enum TopOutcome
{
    /// <summary>Draw again.</summary>
    Redraw,
    /// <summary>Take a sample now, then draw.</summary>
    Sample,
    Quit,
}

/// <summary>Carries out keys: those of htop and atop where they have one.</summary>
internal static class TopKeys
{
    private const int Page = 15;

    public static TopOutcome Press(TopView view, Reading reading, KeyPress key)
    {
        view.Notice = "";
        return view.Mode switch
        {
            TopMode.AskFilter or TopMode.AskDelay => Type(view, key),
            TopMode.Help or TopMode.Story => Close(view, key),
            _ => InList(view, reading, key),
        };
    }

    private static TopOutcome Close(TopView view, KeyPress key)
    {
        bool closes = key.Key is NamedKey.Escape or NamedKey.Enter || key.Char is 'q' or '?' or 'h';
        view.Mode = closes ? TopMode.List : view.Mode;
        return key.Char == ' ' ? TopOutcome.Sample : TopOutcome.Redraw;
    }

    private static TopOutcome InList(TopView view, Reading reading, KeyPress key)
    {
        switch (key)
        {
            case { Char: 'q' }: return TopOutcome.Quit;
            case { Char: ' ' }: return TopOutcome.Sample;
            case { Char: 'z' }: view.Paused = !view.Paused; break;
            case { Char: '?' or 'h' }: view.Mode = TopMode.Help; break;
            case { Char: '/' }: Ask(view, TopMode.AskFilter); break;
            case { Char: 's' }: Ask(view, TopMode.AskDelay); break;
            case { Key: NamedKey.Escape }: view.Filter = ""; break;
            case { Key: NamedKey.Enter }: view.Mode = TopMode.Story; break;
            case { Char: '<' }: view.SortBy = Math.Max(0, view.SortBy - 1); break;
            case { Char: '>' }: view.SortBy = Math.Min(TopColumn.All.Count - 1, view.SortBy + 1); break;
            case { Char: 'M' }: view.SortBy = TopColumn.IndexOf("USAGE"); break;
            case { Char: 'U' }: view.SortBy = TopColumn.IndexOf("ULLAGE"); break;
            case { Char: 'P' }: view.SortBy = TopColumn.IndexOf("PSI"); break;
            case { Char: 'S' }: view.SortBy = TopColumn.IndexOf("SLAB"); break;
            case { Char: '+' } or { Key: NamedKey.Right }: Fold(view, reading, folded: false); break;
            case { Char: '-' } or { Key: NamedKey.Left }: Fold(view, reading, folded: true); break;
            default: Move(view, reading, key); break;
        }
        return TopOutcome.Redraw;
    }

    private static void Move(TopView view, Reading reading, KeyPress key)
    {
        int by = key switch
        {
            { Key: NamedKey.Up } or { Char: 'k' } => -1,
            { Key: NamedKey.Down } or { Char: 'j' } => 1,
            { Key: NamedKey.PageUp } => -Page,
            { Key: NamedKey.PageDown } => Page,
            { Key: NamedKey.Home } => -reading.Now.Count,
            { Key: NamedKey.End } => reading.Now.Count,
            _ => 0,
        };
        if (by != 0)
        {
            view.Move(reading, by);
        }
    }

    private static void Fold(TopView view, Reading reading, bool folded)
    {
        if (view.SelectedRow(reading) is int row and >= 0)
        {
            view.Selected = reading.Now[row].Id;
            view.Fold(reading.Now[row], folded);
        }
    }

    private static void Ask(TopView view, TopMode mode)
    {
        view.Mode = mode;
        view.Typed = "";
    }

    private static TopOutcome Type(TopView view, KeyPress key)
    {
        switch (key)
        {
            case { Key: NamedKey.Escape }: view.Mode = TopMode.List; break;
            case { Key: NamedKey.Backspace }: view.Typed = view.Typed.Length > 0 ? view.Typed[..^1] : ""; break;
            case { Key: NamedKey.Enter }: Answer(view); break;
            case { Char: >= ' ' }: view.Typed += key.Char; break;
        }
        return TopOutcome.Redraw;
    }

    private static void Answer(TopView view)
    {
        bool delay = view.Mode == TopMode.AskDelay;
        view.Mode = TopMode.List;
        if (!delay)
        {
            view.Filter = view.Typed;
            return;
        }
        try
        {
            view.Interval = view.Typed.Length > 0 ? OptionText.Interval("delay", view.Typed) : view.Interval;
        }
        catch (CliException wrong)
        {
            view.Notice = wrong.Message;
        }
    }
}
