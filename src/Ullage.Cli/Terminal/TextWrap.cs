namespace Ullage.Cli.Terminal;

/// <summary>Breaks lines at blanks; a word that is longer than the line stays whole, because paths and kernel lines must remain searchable.</summary>
internal static class TextWrap
{
    public static IEnumerable<string> Lines(string text, int width, int hangingIndent)
    {
        string rest = text;
        string indent = "";
        while (indent.Length + rest.Length > width)
        {
            int at = Break(rest, width - indent.Length);
            if (at < 0)
            {
                break;
            }
            yield return indent + rest[..at].TrimEnd();
            rest = rest[at..].TrimStart();
            indent = new string(' ', Math.Min(hangingIndent, width / 2));
        }
        yield return indent + rest;
    }

    private static int Break(string text, int room)
    {
        int lead = text.Length - text.TrimStart().Length;
        int at = room < text.Length ? text.LastIndexOf(' ', room) : -1;
        if (at > lead)
        {
            return at;
        }
        int next = text.IndexOf(' ', Math.Max(lead, Math.Min(room, text.Length)));
        return next > lead ? next : -1;
    }
}
