using System.Text;

namespace Ullage.Model;

/// <summary>Seeded chance (splitmix64). Forked by purpose, so that a new consumer does not shift everyone else's numbers.</summary>
public sealed class SimRandom(ulong seed)
{
    private readonly ulong _seed = seed;
    private ulong _state = seed;

    /// <summary>A stream of its own for one purpose.</summary>
    public SimRandom Fork(string purpose)
    {
        ulong hash = 0xcbf29ce484222325;
        foreach (byte b in Encoding.UTF8.GetBytes(purpose))
        {
            hash = (hash ^ b) * 0x100000001b3;
        }
        return new SimRandom(_seed ^ hash);
    }

    /// <summary>The next 64 bits.</summary>
    public ulong Next()
    {
        _state += 0x9E3779B97F4A7C15;
        ulong z = _state;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }

    /// <summary>A number from 0 to <paramref name="bound"/> - 1.</summary>
    public int Below(int bound)
    {
        Invariant.Holds(bound > 0);
        return (int)(Next() % (ulong)bound);
    }
}
