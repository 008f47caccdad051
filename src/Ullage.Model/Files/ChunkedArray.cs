namespace Ullage.Model.Files;

/// <summary>An array that grows without moving what is in it: millions of objects would otherwise be copied at each growth.</summary>
internal sealed class ChunkedArray<T> where T : struct
{
    private const int Shift = 16;
    private const int Mask = (1 << Shift) - 1;

    private T[][] _chunks = [];

    public ref T this[int index] => ref _chunks[index >> Shift][index & Mask];

    /// <summary>Makes room for <paramref name="count"/> elements.</summary>
    public void Reserve(int count)
    {
        while (count > _chunks.Length << Shift)
        {
            Grow();
        }
    }

    public bool Holds(int index) => index < _chunks.Length << Shift;

    private void Grow()
    {
        Array.Resize(ref _chunks, _chunks.Length + 1);
        _chunks[^1] = new T[1 << Shift];
    }
}
