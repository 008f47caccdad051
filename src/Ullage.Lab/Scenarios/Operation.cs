using Ullage.Abi;

namespace Ullage.Lab.Scenarios;

/// <summary>One step of a process (scenario.md, "Operations").</summary>
public abstract record Operation
{
    /// <summary>The operation's word in the scenario file, such as <c>grow</c>.</summary>
    public abstract string Name { get; }

    /// <summary>False (<c>until: error</c>, the default): the process's list ends at the first errno. True (<c>until: done</c>): go on.</summary>
    public bool UntilDone { get; init; }

    /// <summary>The errno that the step is expected to end with, which is judged like an expectation and does not end the list; null = none.</summary>
    public Errno? ExpectErrno { get; init; }

    /// <summary>Line of the scenario file, from 1.</summary>
    public int Line { get; init; }
}

/// <summary>How the pages of a region or file are visited.</summary>
public enum AccessPattern
{
    /// <summary>Once through.</summary>
    Sequential,
    /// <summary><c>passes</c> times through.</summary>
    Loop,
    /// <summary>Draws with equal chance.</summary>
    Uniform,
    /// <summary>Draws with weight rank^-alpha.</summary>
    Zipf,
}

/// <summary>A pattern with its parameters.</summary>
public sealed record PatternSpec
{
    /// <summary>The pattern.</summary>
    public AccessPattern Pattern { get; init; }
    /// <summary>Zipf's exponent.</summary>
    public double Alpha { get; init; } = 1.0;
    /// <summary>Passes; null = 1.</summary>
    public int? Passes { get; init; }
    /// <summary>Draws (per pass); null = as many as there are pages.</summary>
    public long? Count { get; init; }
    /// <summary>The stream's seed; null = the run's seed.</summary>
    public ulong? Seed { get; init; }
    /// <summary>The depth of the repeat around it whose round is the seed (<c>seed: '{i}'</c>); null = <see cref="Seed"/> says it.</summary>
    public int? SeedOfDepth { get; init; }
}

/// <summary>What a mapping maps.</summary>
public enum MapKind
{
    /// <summary>Private anonymous memory.</summary>
    Anon,
    /// <summary>Shared anonymous memory.</summary>
    Shared,
    /// <summary>A file.</summary>
    File,
}

/// <summary>Protection of a mapping.</summary>
public enum MapProtection
{
    /// <summary>Readable and writable.</summary>
    Rw,
    /// <summary>Readable.</summary>
    R,
    /// <summary>Neither.</summary>
    None,
}

/// <summary><c>grow</c>: map private anonymous memory chunk by chunk and write to every page.</summary>
/// <param name="Bytes">How much altogether.</param>
/// <param name="ChunkBytes">The size of one mapping.</param>
/// <param name="BytesPerSecond">The pace; null = as fast as it goes.</param>
public sealed record GrowOperation(long Bytes, long ChunkBytes, long? BytesPerSecond) : Operation
{
    /// <inheritdoc/>
    public override string Name => "grow";
}

/// <summary><c>mmap</c>: make a named region.</summary>
public sealed record MmapOperation(string Region, long Bytes) : Operation
{
    /// <inheritdoc/>
    public override string Name => "mmap";
    /// <summary>What it maps.</summary>
    public MapKind Kind { get; init; }
    /// <summary>The file, for <see cref="MapKind.File"/>.</summary>
    public string? File { get; init; }
    /// <summary>Its protection.</summary>
    public MapProtection Protection { get; init; }
    /// <summary>MAP_NORESERVE.</summary>
    public bool NoReserve { get; init; }
    /// <summary>MAP_POPULATE.</summary>
    public bool Populate { get; init; }
}

/// <summary><c>touch</c>: access pages of a region.</summary>
public sealed record TouchOperation(string Region, PatternSpec Pattern, bool Write) : Operation
{
    /// <inheritdoc/>
    public override string Name => "touch";
}

/// <summary><c>munmap</c>: remove a region, or its last <c>bytes</c>.</summary>
public sealed record MunmapOperation(string Region, long? Bytes) : Operation
{
    /// <inheritdoc/>
    public override string Name => "munmap";
}

/// <summary><c>mremap</c>: resize a region.</summary>
public sealed record MremapOperation(string Region, long Bytes) : Operation
{
    /// <inheritdoc/>
    public override string Name => "mremap";
}

/// <summary><c>mprotect</c>: change a region's protection.</summary>
public sealed record MprotectOperation(string Region, MapProtection Protection) : Operation
{
    /// <inheritdoc/>
    public override string Name => "mprotect";
}

/// <summary><c>madvise</c>: advise on a region: <c>dontneed</c>, <c>free</c>, <c>willneed</c>, <c>nohugepage</c>, ….</summary>
public sealed record MadviseOperation(string Region, string Advice) : Operation
{
    /// <inheritdoc/>
    public override string Name => "madvise";
}

/// <summary><c>brk</c>: move the program break.</summary>
public sealed record BrkOperation(long Bytes) : Operation
{
    /// <inheritdoc/>
    public override string Name => "brk";
}

/// <summary><c>malloc</c>: allocate from the C library.</summary>
public sealed record MallocOperation(long Bytes, long Count, bool Touch, string AllocationName) : Operation
{
    /// <inheritdoc/>
    public override string Name => "malloc";
}

/// <summary><c>free</c>: free what a <c>malloc</c> of that name allocated.</summary>
public sealed record FreeOperation(string AllocationName) : Operation
{
    /// <inheritdoc/>
    public override string Name => "free";
}

/// <summary><c>read</c>: read pages of a file.</summary>
public sealed record ReadOperation(string File, PatternSpec Pattern) : Operation
{
    /// <inheritdoc/>
    public override string Name => "read";
    /// <summary>True = through a mapping, false = by read(2).</summary>
    public bool ViaMmap { get; init; }
    /// <summary><c>normal</c>, <c>random</c> or <c>sequential</c>.</summary>
    public string Advice { get; init; } = "normal";
}

/// <summary><c>write</c>: write pages of a file.</summary>
public sealed record WriteOperation(string File, long Bytes, PatternSpec Pattern, bool Fsync) : Operation
{
    /// <inheritdoc/>
    public override string Name => "write";
}

/// <summary><c>stat_missing</c>: stat(2) names that do not exist.</summary>
public sealed record StatMissingOperation(string Directory, long Count, long Start) : Operation
{
    /// <summary>What the names begin with, before their number; at most 230 bytes, no slash.</summary>
    public string Prefix { get; init; } = "";

    /// <inheritdoc/>
    public override string Name => "stat_missing";
}

/// <summary><c>create_files</c>: create files of a size.</summary>
public sealed record CreateFilesOperation(string Directory, long Count, long Bytes) : Operation
{
    /// <inheritdoc/>
    public override string Name => "create_files";
}

/// <summary><c>unlink_files</c>: remove files that <c>create_files</c> made.</summary>
public sealed record UnlinkFilesOperation(string Directory, long Count) : Operation
{
    /// <inheritdoc/>
    public override string Name => "unlink_files";
}

/// <summary><c>fork</c>: a child process with a list of its own.</summary>
public sealed record ForkOperation(string ChildName, string? Cgroup, IReadOnlyList<Operation> Do) : Operation
{
    /// <inheritdoc/>
    public override string Name => "fork";
}

/// <summary><c>wait</c>: wait for all children.</summary>
public sealed record WaitOperation : Operation
{
    /// <inheritdoc/>
    public override string Name => "wait";
}

/// <summary><c>repeat</c>: a list several times; <c>{i}</c> (nested <c>{j}</c>, <c>{k}</c>) in its strings is the round.</summary>
public sealed record RepeatOperation(int Times, IReadOnlyList<Operation> Do) : Operation
{
    /// <inheritdoc/>
    public override string Name => "repeat";
    /// <summary>The depth of the repeat around it whose round is its number of rounds (<c>times: '{i}'</c>); null = <see cref="Times"/> says it.</summary>
    public int? TimesOfDepth { get; init; }
    /// <summary>How many repeats are around this one (0 to 2), which decides whether its round is <c>{i}</c>, <c>{j}</c> or <c>{k}</c>.</summary>
    public int Depth { get; init; }
}

/// <summary><c>interleave</c>: rounds of one access of each of several operations in turn.</summary>
public sealed record InterleaveOperation(long Count, IReadOnlyList<Operation> Of) : Operation
{
    /// <inheritdoc/>
    public override string Name => "interleave";
}

/// <summary><c>exec</c>: replace the address space.</summary>
public sealed record ExecOperation(string ProgramName) : Operation
{
    /// <inheritdoc/>
    public override string Name => "exec";
}

/// <summary><c>sleep</c>: do nothing for a time.</summary>
public sealed record SleepOperation(long Ns) : Operation
{
    /// <inheritdoc/>
    public override string Name => "sleep";
}

/// <summary><c>pause</c>: do nothing until the scenario ends.</summary>
public sealed record PauseOperation : Operation
{
    /// <inheritdoc/>
    public override string Name => "pause";
}

/// <summary><c>echo</c>: write a control or sysctl file.</summary>
public sealed record EchoOperation(string File, string Value) : Operation
{
    /// <inheritdoc/>
    public override string Name => "echo";
    /// <summary>The file is opened with O_NONBLOCK: newer kernels then set memory.max and memory.high without reclaiming.</summary>
    public bool NonBlocking { get; init; }
}

/// <summary><c>sock</c>: open a socket whose peer reads nothing, and fill its buffers. It stays open until the process ends. Model only.</summary>
/// <param name="Bytes">How much the buffers take, rounded up to pages.</param>
public sealed record SockOperation(long Bytes) : Operation
{
    /// <inheritdoc/>
    public override string Name => "sock";
}

/// <summary><c>mkdir</c>: make a cgroup.</summary>
public sealed record MkdirOperation(string Path) : Operation
{
    /// <inheritdoc/>
    public override string Name => "mkdir";
}

/// <summary><c>rmdir</c>: remove a cgroup.</summary>
public sealed record RmdirOperation(string Path) : Operation
{
    /// <inheritdoc/>
    public override string Name => "rmdir";
}

/// <summary><c>move</c>: put a process (or one thread) into a cgroup.</summary>
/// <param name="Process">A process's name, or <c>self</c>.</param>
/// <param name="To">The cgroup's path.</param>
/// <param name="Thread">True = only the one thread.</param>
public sealed record MoveOperation(string Process, string To, bool Thread) : Operation
{
    /// <inheritdoc/>
    public override string Name => "move";
}

/// <summary><c>kill</c>: send a signal.</summary>
public sealed record KillOperation(string Process, string Signal) : Operation
{
    /// <inheritdoc/>
    public override string Name => "kill";
}

/// <summary><c>exit</c>: end with a status.</summary>
public sealed record ExitOperation(int Status) : Operation
{
    /// <inheritdoc/>
    public override string Name => "exit";
}
