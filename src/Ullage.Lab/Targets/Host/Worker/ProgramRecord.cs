using System.Globalization;
using System.Text;
using Ullage.Abi;
using Ullage.Lab.Results;
using static Ullage.Lab.Targets.Host.Worker.WorkerLayout;

namespace Ullage.Lab.Targets.Host.Worker;

/// <summary>One reported step: where its results lie.</summary>
/// <param name="Op">The operation's word.</param>
/// <param name="Requested">Units asked for.</param>
/// <param name="Address">The step in the arena.</param>
/// <param name="Divisor">Counted accesses that make one unit (interleave).</param>
/// <param name="Passes">The passes in the arena; null = the operation has none.</param>
internal sealed record StepRecord(string Op, long Requested, long Address, int Divisor, List<long>? Passes);

/// <summary>One process of a compiled program: the worker itself, or one it forks.</summary>
internal sealed class ProcessRecord
{
    internal required string Name { get; init; }
    internal required string Cgroup { get; init; }
    internal required int Slot { get; init; }
    /// <summary>True when another process of the run forks it.</summary>
    internal bool Forked { get; init; }
    /// <summary>The step that enters the cgroup; not reported, but its errno ends the run.</summary>
    internal long EnterStep { get; set; }
    internal List<StepRecord> Steps { get; } = [];
}

/// <summary>Reads steps out of an arena, while the worker runs or after its death.</summary>
internal static class StepReader
{
    internal static Errno EnterErrno(ProcessRecord process, SharedFile arena) =>
        process.EnterStep == 0 ? Errno.None : (Errno)arena.Read(process.EnterStep - ArenaAddress + StepErrno);

    /// <summary>The steps as far as the process came.</summary>
    internal static List<StepResult> Read(ProcessRecord process, SharedFile arena, long nowMonotonicNs)
    {
        List<StepResult> results = [];
        foreach (StepRecord step in process.Steps)
        {
            long at = step.Address - ArenaAddress;
            long state = arena.Read(at + StepState);
            if (state == 0)
            {
                break;
            }
            long began = Time(arena, at + StepBegan);
            long ended = state == 2 ? Time(arena, at + StepEnded) : nowMonotonicNs;
            results.Add(new StepResult
            {
                Op = step.Op,
                Requested = step.Requested,
                Done = arena.Read(at + StepDone) / step.Divisor,
                Errno = (Errno)arena.Read(at + StepErrno),
                VirtualNs = Math.Max(0, ended - began),
                Passes = step.Passes?.Select(pass => ReadPass(arena, pass - ArenaAddress, nowMonotonicNs)).ToList(),
            });
        }
        return results;
    }

    private static PassResult ReadPass(SharedFile arena, long at, long nowMonotonicNs)
    {
        long began = Time(arena, at + PassBegan);
        long ended = Time(arena, at + PassEnded);
        long readBytes = ReadBytes(arena.Bytes(at + PassIoAfter, PassIoSize)) - ReadBytes(arena.Bytes(at + PassIoBefore, PassIoSize));
        long ns = began == 0 ? 0 : (ended == 0 ? nowMonotonicNs : ended) - began;
        return new PassResult(arena.Read(at + PassHits), arena.Read(at + PassMisses), Math.Max(0, readBytes), ns);
    }

    /// <summary>The <c>read_bytes</c> line of a copy of /proc/self/io; 0 when there is none.</summary>
    private static long ReadBytes(ReadOnlySpan<byte> io)
    {
        foreach (string line in Encoding.ASCII.GetString(io).Split('\n'))
        {
            if (line.StartsWith("read_bytes: ", StringComparison.Ordinal) &&
                long.TryParse(line.AsSpan(12), NumberStyles.None, CultureInfo.InvariantCulture, out long bytes))
            {
                return bytes;
            }
        }
        return 0;
    }

    private static long Time(SharedFile arena, long at) => arena.Read(at) * 1_000_000_000 + arena.Read(at + 8);
}
