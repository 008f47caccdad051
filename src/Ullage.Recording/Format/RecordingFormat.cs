using System.Numerics;

namespace Ullage.Recording.Format;

/// <summary>
/// The format of a recording, version 1. All numbers are little-endian; a varint has seven bits per byte, the lowest first, the top bit set on all but the last byte; a
/// zigzag varint is a signed number v as (v &lt;&lt; 1) ^ (v &gt;&gt; 63).
/// <para>A file is the line <c>ullage recording 1\n</c> and then frames, one after the other, to the end:
/// length of the payload (4 bytes), kind (1 byte, a letter), time in nanoseconds (8 bytes), payload, CRC-32C of everything before it in the frame (4 bytes). A frame is
/// written with one write(2) and nothing is ever changed, so that a recorder that dies leaves whole frames and at most one torn one, which readers pass over.</para>
/// <para>Kinds: <c>M</c> metadata, a JSON object, the first frame. <c>B</c> the first sample of a block. <c>S</c> a further sample of it. <c>E</c> one kernel log line:
/// UTF-8, <c>level,microseconds;text</c>. <c>R</c> a result of <c>run</c> as JSON, Brotli-compressed. <c>X</c> the index, written when the recording is closed in good order:
/// for each block its time and its offset in the file, both as varints of the difference from the one before. After an X frame come its own offset (8 bytes) and
/// <c>ULLX</c>: a reader that finds them at the end of a file needs not look at every frame.</para>
/// <para>The payloads of B and S are one Brotli stream per block, flushed after each sample: to read a sample, decompress its block up to it. What is compressed is, per
/// sample: the number of files that changed, and for each of them its number minus that of the one before minus 1 (zigzag; the first counts from -1) and how it changed (1 byte):
/// 0 it cannot be read now: errno (varint). 1 numbers changed: how many (varint), then for each its place minus the place before minus 1 (varint) and its growth
/// (zigzag). 2 a known skeleton: its number (varint) and all numbers (zigzag). 3 a new skeleton: its length (varint), its bytes, all numbers. 4 a new file: how many bytes
/// its path shares with that of the file numbered before it, how many follow, those; then 0, 2 or 3 as above. File numbers and skeleton numbers count from 0 in each
/// block. A block begins with every file there is.</para>
/// <para>A file's text is a skeleton and numbers. In a skeleton the bytes 1, 2 and 3 stand for the next number: 1 in decimal; 2 and a width, aligned right with blanks; 3
/// and a width, with leading zeros; 4 makes the next byte stand for itself. The path of a cgroup's directory with a slash at its end is a file that holds the directory's
/// inode.</para>
/// </summary>
public static class RecordingFormat
{
    /// <summary>The first line of a recording.</summary>
    public static ReadOnlySpan<byte> Magic => "ullage recording 1\n"u8;

    internal static ReadOnlySpan<byte> IndexMark => "ULLX"u8;

    internal const int HeaderBytes = 13;
    internal const int TrailerBytes = 4;
    internal const int TailBytes = 12;

    internal const int MostPayloadBytes = 1 << 28;

    /// <summary>CRC-32C (Castagnoli).</summary>
    internal static uint Crc(ReadOnlySpan<byte> bytes)
    {
        uint crc = uint.MaxValue;
        while (bytes.Length >= 8)
        {
            crc = BitOperations.Crc32C(crc, BitConverter.ToUInt64(bytes));
            bytes = bytes[8..];
        }
        foreach (byte each in bytes)
        {
            crc = BitOperations.Crc32C(crc, each);
        }
        return ~crc;
    }
}

/// <summary>Kinds of frames.</summary>
internal static class FrameKind
{
    public const byte Meta = (byte)'M';
    public const byte Block = (byte)'B';
    public const byte Sample = (byte)'S';
    public const byte Event = (byte)'E';
    public const byte Result = (byte)'R';
    public const byte Index = (byte)'X';
}

/// <summary>How a file changed.</summary>
internal static class ChangeKind
{
    public const byte Unreadable = 0;
    public const byte Numbers = 1;
    public const byte KnownSkeleton = 2;
    public const byte NewSkeleton = 3;
    public const byte NewFile = 4;
}
