using Ullage.Lab.Scenarios;
using static Ullage.Lab.Targets.Host.Worker.WorkerLayout;

namespace Ullage.Lab.Targets.Host.Worker;

/// <summary>Operations on memory.</summary>
internal sealed partial class WorkerCompiler
{
    private const int MapAnonymousPrivate = 0x22;
    private const int MapAnonymousShared = 0x21;

    private void MemoryBody(Operation operation, ProcessScope scope, List<long>? passes, Mark end)
    {
        switch (operation)
        {
            case GrowOperation grow:
                Grow(grow, end);
                break;
            case MmapOperation mmap:
                Map(mmap, scope, end);
                break;
            case TouchOperation touch:
                RegionVariable region = Region(scope, touch.Region, touch);
                Passes(scope, touch.Pattern, Pages(region.Bytes), passes!,
                    new AccessTarget(region.BaseAddress, touch.Write ? AccessKind.WriteByte : AccessKind.ReadByte, region.BaseAddress), end);
                break;
            case MunmapOperation munmap:
                Unmap(munmap, scope, end);
                break;
            case MremapOperation mremap:
                RegionVariable old = Region(scope, mremap.Region, mremap);
                Call(25, [old.BaseAddress, PageAlign(old.Bytes), PageAlign(mremap.Bytes), 1], addresses: 1, store: old.BaseAddress, onError: end);
                old.Bytes = mremap.Bytes;
                Count();
                break;
            case MprotectOperation mprotect:
                RegionVariable protectedRegion = Region(scope, mprotect.Region, mprotect);
                Call(10, [protectedRegion.BaseAddress, PageAlign(protectedRegion.Bytes), Protection(mprotect.Protection)], addresses: 1, onError: end);
                Count();
                break;
            case MadviseOperation madvise:
                RegionVariable advised = Region(scope, madvise.Region, madvise);
                Call(28, [advised.BaseAddress, PageAlign(advised.Bytes), HostSupport.Advice(madvise.Advice)!.Value], addresses: 1, onError: end);
                Count();
                break;
            case BrkOperation brk:
                Emit("brk", [brk.Bytes], onError: end);
                Count(brk.Bytes);
                break;
        }
    }

    private void Grow(GrowOperation grow, Mark end)
    {
        long hint = _arena.Variable();
        long place = _arena.Variable();
        long beat = _arena.Variable();
        long time = _arena.Time(0);
        Emit("set", [hint, Reserve(grow.Bytes)]);
        Emit("set", [beat, 0]);
        void Chunk(long bytes)
        {
            Call(9, [hint, bytes, 3, MapAnonymousPrivate, -1, 0], addresses: 1, store: place, onError: end);
            Emit("fill", [place, Pages(bytes)]);
            Emit("add", [hint, PageAlign(bytes)]);
            if (grow.BytesPerSecond is long rate and > 0)
            {
                Emit("pace", [beat, (long)(bytes * 1e9 / rate), time]);
            }
        }
        long chunk = Math.Clamp(grow.ChunkBytes, 1, Math.Max(1, grow.Bytes));
        Loop(grow.Bytes / chunk, () => Chunk(chunk));
        if (grow.Bytes % chunk > 0)
        {
            Chunk(grow.Bytes % chunk);
        }
    }

    private void Map(MmapOperation mmap, ProcessScope scope, Mark end)
    {
        if (!scope.Regions.TryGetValue(mmap.Region, out RegionVariable? region))
        {
            region = new RegionVariable(_arena.Variable());
            scope.Regions.Add(mmap.Region, region);
        }
        int flags = (mmap.Kind == MapKind.Anon ? MapAnonymousPrivate : mmap.Kind == MapKind.Shared ? MapAnonymousShared : Native.MapShared)
            | (mmap.NoReserve ? 0x4000 : 0) | (mmap.Populate ? Native.MapPopulate : 0);
        if (mmap.Kind == MapKind.File)
        {
            long fd = _arena.Variable();
            int mode = mmap.Protection == MapProtection.Rw ? 2 : 0;
            Call(2, [_arena.Text(_context.Paths.Look(mmap.File ?? "/")), mode], store: fd, onError: end);
            Call(9, [Reserve(mmap.Bytes), mmap.Bytes, Protection(mmap.Protection), flags, fd, 0], addresses: 1 << 4, store: region.BaseAddress, onError: end);
            Call(3, [fd], addresses: 1, ignoreErrors: true);
        }
        else
        {
            Call(9, [Reserve(mmap.Bytes), mmap.Bytes, Protection(mmap.Protection), flags, -1, 0], store: region.BaseAddress, onError: end);
        }
        region.Bytes = mmap.Bytes;
        Count();
    }

    private void Unmap(MunmapOperation munmap, ProcessScope scope, Mark end)
    {
        RegionVariable region = Region(scope, munmap.Region, munmap);
        long bytes = Math.Min(PageAlign(munmap.Bytes ?? region.Bytes), PageAlign(region.Bytes));
        long from = PageAlign(region.Bytes) - bytes;
        long start = _arena.Variable();
        Emit("copy", [start, region.BaseAddress]);
        Emit("add", [start, from]);
        Call(11, [start, bytes], addresses: 1, onError: end);
        region.Bytes = from;
        Count();
    }

    /// <summary>What an access loop works on.</summary>
    /// <param name="At">Address of the variable with the base or the descriptor.</param>
    /// <param name="Kind">What one access does.</param>
    /// <param name="Mapping">Address of the variable with the mapping to ask mincore about; 0 = none.</param>
    private sealed record AccessTarget(long At, AccessKind Kind, long Mapping);

    /// <summary>All passes of a pattern over so many pages, each with its own record.</summary>
    private void Passes(ProcessScope scope, PatternSpec pattern, long pages, List<long> passes, AccessTarget target, Mark end)
    {
        HostStream stream = HostStream.Of(pattern, pages, _context.Seed);
        long cursor = _arena.Variable();
        long numbers = stream.Pages is null ? 0 : _arena.Stream(stream.Pages);
        Emit("set", [cursor, 0]);
        for (int pass = 0; pass < stream.PassCount; pass++)
        {
            long record = _arena.Allocate(PassSize);
            passes.Add(record);
            Clock(record + PassBegan);
            ReadIo(scope, record + PassIoBefore);
            Access(target, stream.PerPass, cursor, numbers, stream.Length, record, end);
            ReadIo(scope, record + PassIoAfter);
            Clock(record + PassEnded);
        }
    }

    private void Access(AccessTarget target, long count, long cursor, long numbers, long length, long pass, Mark end)
    {
        Instruction access = new() { Handler = "access", Number = _buffer, OnError = end };
        new[] { count, cursor, numbers, length, target.At, (long)target.Kind }.CopyTo(access.Arguments, 0);
        new[] { pass == 0 ? 0 : target.Mapping, pass, _buffer + 4096 }.CopyTo(access.Extra, 0);
        _arena.Emit(access);
    }

    private void Clock(long at) => Call(228, [1, at], ignoreErrors: true);

    private void ReadIo(ProcessScope scope, long at) => Call(17, [scope.IoFd, at, PassIoSize - 1, 0], addresses: 1, ignoreErrors: true);

    /// <summary>Address space for a mapping, each its own, so that addresses do not depend on the kernel's random layout.</summary>
    private long Reserve(long bytes)
    {
        long at = _nextRegion;
        _nextRegion += PageAlign(Math.Max(1, bytes));
        return at;
    }

    private static RegionVariable Region(ProcessScope scope, string name, Operation operation) =>
        scope.Regions.TryGetValue(name, out RegionVariable? region) ? region : throw new TargetUnavailableException(
            $"line {operation.Line}: {operation.Name}: there is no region {name} in process {scope.Record.Name}: mmap it first", 2);

    private static long Pages(long bytes) => PageAlign(bytes) / Ullage.Abi.Units.KernelConstants.PageSize;

    private static long PageAlign(long bytes) => (bytes + 4095) & ~4095L;

    private static long Protection(MapProtection protection) => protection switch
    {
        MapProtection.Rw => 3,
        MapProtection.R => 1,
        _ => 0,
    };
}
