using Ullage.Cli.Terminal;

namespace Ullage.Cli.Top;

/// <summary>The help screen of <c>top</c>.</summary>
internal static class TopHelp
{
    private static readonly (string Key, string Does)[] Keys =
    [
        ("Enter", "the story of the cgroup under the cursor: what binds it"),
        ("arrows j k", "move the cursor; also PgUp, PgDn, Home, End"),
        ("< >", "sort by the column to the left, to the right"),
        ("M U P S", "sort by usage, ullage, pressure, slab (v1: kernel)"),
        ("+ -", "unfold, fold what is below the cursor; also right, left"),
        ("/", "show only paths with a text; Esc shows all again"),
        ("s", "ask for the seconds between samples"),
        ("z", "stand still, and go on"),
        ("space", "take a sample now"),
        ("q", "quit; also Ctrl-C"),
    ];

    public static IEnumerable<ScreenLine> Lines(int width)
    {
        yield return new ScreenLine("ullage top: memory of cgroups, and how far each is from being killed");
        foreach ((string key, string does) in Keys)
        {
            yield return new ScreenLine($"  {key,-10} {does}");
        }
        foreach (TopColumn column in TopColumn.For(width))
        {
            yield return new ScreenLine($"  {column.Title,-10} {column.Help}", Tone.Dim);
        }
        yield return new ScreenLine("  marks      x killed  ! under 5 % left  ~ stalled  * limit met  - not told", Tone.Dim);
    }
}
