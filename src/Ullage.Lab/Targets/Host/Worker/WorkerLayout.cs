namespace Ullage.Lab.Targets.Host.Worker;

/// <summary>
/// Where things lie in the memory that ullage and a worker share. Both map two files at fixed places: the board (one slot for each process of the run,
/// seen by all) and the worker's own arena (its program, its results, its strings and access streams). The files outlive the worker, so progress
/// survives SIGKILL.
/// </summary>
internal static class WorkerLayout
{
    internal const long CodeAddress = 0x40_0000;
    internal const long BoardAddress = 0x2_0000_0000;
    internal const long ArenaAddress = 0x4_0000_0000;

    /// <summary>A page that the worker touches outside, so that the upper page table of its regions is there already, as in any program with libraries.</summary>
    internal const long WarmAddress = 0x1000_0000_0000;

    /// <summary>Where regions of the scenario are asked for: always the same place, so that each run charges the same page tables.</summary>
    internal const long RegionAddress = WarmAddress + (1L << 30);

    internal const int BoardFd = 3;
    internal const int ArenaFd = 4;

    internal const int SlotSize = 64;
    internal const int SlotPid = 0;
    internal const int SlotState = 8;
    internal const int SlotStatus = 16;
    internal const int SlotStatusValid = 24;
    internal const int SlotGate = 32;
    /// <summary>The pid as long as nobody has reaped it, for kill and move; afterwards 0, because the number may be another's by then.</summary>
    internal const int SlotLivePid = 40;

    internal const int StateReady = 1;
    internal const int StateRunning = 2;
    internal const int StatePaused = 4;

    internal const int InstructionSize = 128;
    internal const int Handler = 0;
    internal const int Flags = 8;
    internal const int Number = 16;
    internal const int Arg0 = 24;
    internal const int Arg1 = 32;
    internal const int Arg2 = 40;
    internal const int Arg3 = 48;
    internal const int Arg4 = 56;
    internal const int Arg5 = 64;
    internal const int OnError = 72;
    internal const int StoreAt = 80;
    internal const int FineErrno = 88;
    internal const int Extra0 = 96;
    internal const int Extra1 = 104;
    internal const int Extra2 = 112;

    internal const int FlagIgnoreErrors = 1 << 8;
    internal const int FlagUntilDone = 1 << 9;
    /// <summary>The first argument is a pid that must not be 0: kill(0) would hit everybody.</summary>
    internal const int FlagNeedsPid = 1 << 10;

    internal const int StepSize = 64;
    internal const int StepDone = 0;
    internal const int StepErrno = 8;
    internal const int StepBegan = 16;
    internal const int StepEnded = 32;
    internal const int StepState = 48;

    internal const int PassSize = 64 + 2 * PassIoSize;
    internal const int PassIoSize = 256;
    internal const int PassHits = 0;
    internal const int PassMisses = 8;
    internal const int PassBegan = 16;
    internal const int PassEnded = 32;
    internal const int PassIoBefore = 64;
    internal const int PassIoAfter = 64 + PassIoSize;
}

/// <summary>What one access of an access loop does.</summary>
internal enum AccessKind
{
    ReadByte, WriteByte, Pread, Pwrite,
}
