using Ullage.Abi;

namespace Ullage.Insight.Timelines;

/// <summary>One file of the sampled kernel and the numbers in it. The numbers are found again only when the file gave other bytes: a recording gives the same memory for a file that stayed the same.</summary>
internal sealed class FileReader(string path, NamedNumbers names, int count)
{
    private readonly HeldFile _file = new(path);
    private readonly double[] _values = new double[count];
    private ReadOnlyMemory<byte> _bytes;
    private bool _any;

    public double[] Read(IKernelFiles files)
    {
        KernelRead read = _file.Read(files);
        if (!read.Ok)
        {
            _values.AsSpan().Fill(double.NaN);
            _any = false;
        }
        else if (!_any || !read.Bytes.Equals(_bytes))
        {
            _bytes = read.Bytes;
            _any = true;
            names.Read(read.Bytes.Span, _values);
        }
        return _values;
    }
}

/// <summary>Reads files of one number, and pressure files.</summary>
internal static class SingleNumbers
{
    private const double Unlimited = 9.2e18;

    /// <summary>A file of one number; NaN when it cannot be read, or says <c>max</c>.</summary>
    public static double Read(IKernelFiles files, HeldFile file)
    {
        KernelRead read = file.Read(files);
        if (!read.Ok)
        {
            return double.NaN;
        }
        ReadOnlySpan<byte> text = read.Bytes.Span.TrimEnd((byte)'\n');
        bool number = System.Buffers.Text.Utf8Parser.TryParse(text, out ulong value, out int used) && used == text.Length;
        return number && value < Unlimited ? value : double.NaN;
    }

    /// <summary>The totals of a pressure file, in microseconds; NaN where there is none.</summary>
    public static (double Some, double Full) Pressure(IKernelFiles files, HeldFile file)
    {
        KernelRead read = file.Read(files);
        return read.Ok ? (Total(read.Bytes.Span, "some"u8), Total(read.Bytes.Span, "full"u8)) : (double.NaN, double.NaN);
    }

    private static double Total(ReadOnlySpan<byte> text, ReadOnlySpan<byte> kind)
    {
        int line = text.StartsWith(kind) ? 0 : text.IndexOf(kind);
        if (line < 0)
        {
            return double.NaN;
        }
        ReadOnlySpan<byte> rest = text[line..];
        int at = rest.IndexOf("total="u8);
        return at >= 0 && System.Buffers.Text.Utf8Parser.TryParse(rest[(at + 6)..], out ulong value, out _) ? value : double.NaN;
    }
}
