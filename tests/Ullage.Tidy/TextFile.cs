namespace Ullage.Tidy;

/// <summary>A text file of the tree.</summary>
internal sealed record TextFile(string Path, string Text)
{
    public IReadOnlyList<string> Lines { get; } = Text.Split('\n');

    /// <summary>True below tests/data: what kernels wrote, kept byte by byte, and none of our words.</summary>
    public bool IsData => Path.StartsWith("tests/data/", StringComparison.Ordinal);

    /// <summary>Null when the file holds a zero byte, which makes it binary.</summary>
    public static TextFile? TryRead(string fullPath, string path)
    {
        byte[] bytes = File.ReadAllBytes(fullPath);
        return bytes.AsSpan().Contains((byte)0) ? null : new TextFile(path, System.Text.Encoding.UTF8.GetString(bytes));
    }
}
