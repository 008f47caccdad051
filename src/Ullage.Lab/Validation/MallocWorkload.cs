using Ullage.Model.AddressSpace.Malloc;

namespace Ullage.Lab.Validation;

/// <summary>What the measured program of experiment E12 does, without a machine around it.</summary>
public sealed class MallocWorkload
{
    /// <summary>A thread's vector of dynamic thread-local storage, which the creating thread allocates: 17 entries of 16 bytes.</summary>
    private const long ThreadVectorBytes = 272;

    /// <summary>Its own code and data, mapped beside malloc's: one value that agrees with every limit of the experiment.</summary>
    private const long ProgramBytes = 2_416_640;

    /// <summary>Of these, bytes that count for RLIMIT_DATA.</summary>
    private const long ProgramDataBytes = 102_400;

    private MallocWorkload(RecordingMallocCalls calls, MallocOptions options)
    {
        Calls = calls;
        Malloc = new GlibcMalloc(calls, options);
    }

    /// <summary>The process.</summary>
    public RecordingMallocCalls Calls { get; }

    /// <summary>Its malloc.</summary>
    public GlibcMalloc Malloc { get; }

    /// <summary>A program whose runtime has allocated and freed something small: the measured ones began so.</summary>
    public static MallocWorkload Begin(GlibcRules release, string limit = "", long value = long.MaxValue)
    {
        MallocWorkload workload = new(
            new RecordingMallocCalls
            {
                OtherBytes = ProgramBytes, OtherDataBytes = ProgramDataBytes,
                LimitAs = limit == "as" ? value : long.MaxValue, LimitData = limit == "data" ? value : long.MaxValue,
            },
            new MallocOptions { Release = release });
        workload.Malloc.Free(0, workload.Malloc.Malloc(0, 1));
        workload.Calls.Forget();
        if (limit == "block")
        {
            workload.Calls.Blocker = workload.Calls.Break + 0x10000; // the measured program mapped a page there
        }
        return workload;
    }

    /// <summary>Allocates up to <paramref name="count"/> times; stops at the first NULL.</summary>
    public List<long> Allocate(long bytes, int count)
    {
        List<long> addresses = [];
        while (addresses.Count < count && Malloc.Malloc(0, bytes) is > 0 and long address)
        {
            addresses.Add(address);
        }
        return addresses;
    }

    /// <summary>Frees all.</summary>
    public void Free(IEnumerable<long> addresses)
    {
        foreach (long address in addresses)
        {
            Malloc.Free(0, address);
        }
    }

    /// <summary>A process of several threads, each of which allocates; all live until the end. Their stacks are not malloc's and not among the calls.</summary>
    public static MallocWorkload Threads(MallocOptions options, int threads, long bytes, int each)
    {
        MallocWorkload workload = new(new RecordingMallocCalls(), options);
        for (int i = 0; i < threads; i++)
        {
            _ = workload.Malloc.Malloc(0, ThreadVectorBytes);
            workload.Malloc.BeginThread();
        }
        for (int i = 0; i < each; i++)
        {
            for (int thread = 1; thread <= threads; thread++)
            {
                _ = workload.Malloc.Malloc(thread, bytes);
            }
        }
        return workload;
    }

    /// <summary>Calls of a kind since the last <see cref="RecordingMallocCalls.Forget"/>.</summary>
    public int Count(MallocCallKind kind) => Calls.Calls.Count(call => call.Kind == kind);

    /// <summary>Lengths of the calls of a kind, in their order: for brk how far it moved, without questions.</summary>
    public IReadOnlyList<long> Sizes(MallocCallKind kind) =>
        [.. Calls.Calls.Where(call => call.Kind == kind && (kind != MallocCallKind.Brk || call.Address != 0)).Select(call => call.Bytes)];
}
