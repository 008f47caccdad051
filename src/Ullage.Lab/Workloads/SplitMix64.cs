namespace Ullage.Lab.Workloads;

/// <summary>The splitmix64 generator. Model and host draw their accesses from it, so that runs can be compared access by access (scenario.md).</summary>
/// <param name="seed">The state to start from.</param>
public struct SplitMix64(ulong seed)
{
    private ulong _state = seed;

    /// <summary>The next 64 bits.</summary>
    public ulong Next()
    {
        unchecked
        {
            _state += 0x9E3779B97F4A7C15;
            ulong z = _state;
            z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
            z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
            return z ^ (z >> 31);
        }
    }

    /// <summary>A number from 0 up to, not including, 1: the upper 53 bits.</summary>
    public double NextFraction() => (Next() >> 11) * (1.0 / (1UL << 53));
}
