using System.Numerics;

namespace Ullage.Lab.Targets.Host;

/// <summary>
/// Keeps workers on as many of this host's CPUs as the scenario's machine has. Each CPU holds charges back in a stock of its own, so a worker that
/// wanders over more CPUs meets a limit earlier and fails more charges than the scenario tells about.
/// </summary>
internal static unsafe class HostCpus
{
    private const int MaskBytes = 1024; // 8192 CPUs

    /// <summary>Binds a process; where it may not be bound it goes on unbound, which changes counts by a batch at most.</summary>
    /// <param name="pid">A process of ours that stands at its gate.</param>
    /// <param name="cpus">How many CPUs; at least 1.</param>
    internal static void Bind(int pid, int cpus)
    {
        Span<byte> mask = stackalloc byte[MaskBytes];
        fixed (byte* bytes = mask)
        {
            if (Native.GetAffinity(pid, MaskBytes, bytes) != 0)
            {
                return;
            }
            KeepHighest(mask, cpus);
            _ = Native.SetAffinity(pid, MaskBytes, bytes);
        }
    }

    /// <summary>Clears all but the highest <paramref name="count"/> bits of a CPU mask: low CPUs have most of a host's other work.</summary>
    internal static void KeepHighest(Span<byte> mask, int count)
    {
        for (int i = mask.Length - 1; i >= 0; i--)
        {
            while (BitOperations.PopCount(mask[i]) > count)
            {
                mask[i] &= (byte)(mask[i] - 1); // its lowest bit
            }
            count -= BitOperations.PopCount(mask[i]);
        }
    }
}
