using System.Text;

namespace Ullage.Lab.Scenarios.Reading;

/// <summary>Makes any text fit for one line of a message.</summary>
internal static class Quote
{
    private const int Longest = 60;

    public static string Text(string text) => $"'{Plain(text)}'";

    public static string Path(string path) => Plain(path, 7 * Longest);

    public static string Plain(string text) => Plain(text, Longest);

    private static string Plain(string text, int longest)
    {
        StringBuilder result = new();
        foreach (Rune rune in text.EnumerateRunes())
        {
            if (result.Length >= longest)
            {
                result.Append('…');
                break;
            }

            if (Rune.IsControl(rune) || rune.Value is 0x2028 or 0x2029)
            {
                result.Append('\\').Append(rune.Value switch { '\n' => "n", '\t' => "t", '\r' => "r", _ => $"u{rune.Value:x4}" });
            }
            else
            {
                result.Append(rune.ToString());
            }
        }

        return result.ToString();
    }
}
