namespace Ullage.Recording.Format;

/// <summary>The skeletons of a block by their bytes: all files of one kind share one.</summary>
internal sealed class SkeletonTable
{
    private readonly Dictionary<ulong, List<int>> _byHash = [];
    private readonly List<byte[]> _skeletons = [];

    public byte[] this[int number] => number < _skeletons.Count ? _skeletons[number] : throw new RecordingException("a sample names a skeleton that is not there");

    public void Clear()
    {
        _byHash.Clear();
        _skeletons.Clear();
    }

    /// <summary>Its number, and whether it is new.</summary>
    public int Find(ReadOnlySpan<byte> skeleton, out bool isNew)
    {
        ulong hash = Hash(skeleton);
        if (!_byHash.TryGetValue(hash, out List<int>? same))
        {
            _byHash[hash] = same = [];
        }
        foreach (int number in same)
        {
            if (skeleton.SequenceEqual(_skeletons[number]))
            {
                isNew = false;
                return number;
            }
        }
        isNew = true;
        same.Add(_skeletons.Count);
        return Add(skeleton.ToArray());
    }

    public int Add(byte[] skeleton)
    {
        _skeletons.Add(skeleton);
        return _skeletons.Count - 1;
    }

    private static ulong Hash(ReadOnlySpan<byte> bytes) => ((ulong)RecordingFormat.Crc(bytes) << 32) | (uint)bytes.Length;
}
