using System.Buffers.Text;
using System.Text;

namespace Ullage.Insight.Timelines;

/// <summary>Finds several names at once in files of lines <c>name value</c> (also <c>name: value kB</c>).</summary>
/// <param name="names">The names; a null stands for one that is never there.</param>
internal sealed class NamedNumbers(params IReadOnlyList<string> names)
{
    private readonly byte[][] _names = [.. names.Select(Encoding.ASCII.GetBytes)];

    /// <summary>The values in the order of the names; <see cref="double.NaN"/> where a name is missing.</summary>
    public void Read(ReadOnlySpan<byte> text, Span<double> values)
    {
        values.Fill(double.NaN);
        int next = 0;
        while (!text.IsEmpty)
        {
            int end = text.IndexOf((byte)'\n');
            ReadOnlySpan<byte> line = end < 0 ? text : text[..end];
            text = end < 0 ? default : text[(end + 1)..];
            int length = line.IndexOfAny((byte)' ', (byte)':');
            if (length <= 0)
            {
                continue;
            }
            // Kernel files keep their order, so the next name wanted is mostly the next one found.
            int index = Find(line[..length], next);
            if (index >= 0)
            {
                next = index + 1;
                ReadOnlySpan<byte> rest = line[(length + 1)..].TrimStart((byte)' ');
                if (Utf8Parser.TryParse(rest, out ulong number, out _))
                {
                    values[index] = number;
                }
            }
        }
    }

    private int Find(ReadOnlySpan<byte> name, int next)
    {
        for (int i = 0; i < _names.Length; i++)
        {
            int at = (next + i) % _names.Length;
            if (name.SequenceEqual(_names[at]))
            {
                return at;
            }
        }
        return -1;
    }
}
