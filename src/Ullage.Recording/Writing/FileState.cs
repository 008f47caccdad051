using System.Text;
using Ullage.Abi;
using Ullage.Recording.Format;

namespace Ullage.Recording.Writing;

/// <summary>A file as an encoder knows it: how it was in the last sample. Whoever gives it again and again keeps this, which saves looking for its path.</summary>
internal sealed class FileState(string path)
{
    public string Path { get; } = path;
    public byte[] PathBytes { get; } = Encoding.UTF8.GetBytes(path);
    /// <summary>Its number in the block; -1 before it was given there.</summary>
    public int Number { get; set; } = -1;
    public Errno Errno { get; set; }
    public int SkeletonNumber { get; set; } = -1;
    public byte[] Text { get; set; } = [];
    public int TextLength { get; set; }
    public long[] Numbers { get; set; } = [];
    /// <summary>The last sample in which it was given.</summary>
    public int Seen { get; set; } = -1;
    /// <summary>It was missing in a sample: the encoder knows it no longer.</summary>
    public bool Dropped { get; set; }
    /// <summary>What the sample says of it, when it changed.</summary>
    public ByteBuffer Change { get; } = new();
}
