using System.Text.Encodings.Web;

namespace Ullage.Insight.Pages;

/// <summary>Writes markup. Text and attribute values go through <see cref="Text"/> and <see cref="Attribute"/>, which escape; nothing else writes what others named.</summary>
internal sealed class Html(TextWriter writer)
{
    /// <summary>Markup of ours.</summary>
    public Html Raw(string markup)
    {
        writer.Write(markup);
        return this;
    }

    /// <summary>Any text.</summary>
    public Html Text(string text)
    {
        HtmlEncoder.Default.Encode(writer, Visible(text));
        return this;
    }

    /// <summary>An element with a text in it.</summary>
    public Html Element(string tag, string text, string attributes = "")
    {
        string space = attributes.Length > 0 ? " " : "";
        return Raw($"<{tag}{space}{attributes}>").Text(text).Raw($"</{tag}>");
    }

    /// <summary>An attribute with an escaped value.</summary>
    public static string Attribute(string name, string value) => $"{name}=\"{HtmlEncoder.Default.Encode(Visible(value))}\"";

    // Control characters cannot stand in HTML; a name that has some must not look like one that has none. Direction marks could make it read as another name.
    internal static string Visible(string text)
    {
        if (!text.Any(Hidden))
        {
            return text;
        }
        return string.Concat(text.Select(each => Hidden(each) ? $"\\u{(int)each:x4}" : each.ToString()));
    }

    private static bool Hidden(char each) =>
        (char.IsControl(each) && each is not ('\n' or '\t')) || each is (>= '\u202a' and <= '\u202e') or (>= '\u2066' and <= '\u2069') or '\u200e' or '\u200f' or '\u061c';
}
