using Ullage.Abi;
using Ullage.Abi.Units;
using Ullage.Model.Charging;
using Ullage.Model.Pages;
using Ullage.Model.Tracing;

namespace Ullage.Model.Files;

/// <summary>Writing into the page cache.</summary>
internal sealed partial class PageCache
{
    /// <summary>write(2) at an offset; the file grows if need be. Answers the bytes written.</summary>
    [Kernel("generic_perform_write", "mm/filemap.c")]
    public (Errno Errno, long Bytes) Write(TaskStruct task, FileHandle file, long offset, long bytes)
    {
        AddressSpaceMap map = file.Map;
        long end = offset + bytes;
        for (long at = offset; at < end; at = ((at >> KernelConstants.PageShift) + 1) << KernelConstants.PageShift)
        {
            long index = at >> KernelConstants.PageShift;
            long until = Math.Min(end, (index + 1) << KernelConstants.PageShift);
            if (task.FatalSignalPending)
            {
                return (at == offset ? Errno.EINTR : Errno.None, at - offset);
            }
            int frame = BeginWrite(map, index, until - at);
            if (frame < 0)
            {
                return (at == offset ? Errno.ENOMEM : Errno.None, at - offset);
            }
            map.Bytes = Math.Max(map.Bytes, until);
            _machine.Spend(_machine.Costs.FileCopyNs);
            Writeback.MarkDirty(map, frame);
            _machine.Dirtying.AfterDirtying(task);
        }
        return (Errno.None, bytes);
    }

    /// <summary>The page to write to: a new one is zeroes, unless part of it is kept, which is then read first.</summary>
    [Kernel("ext4_da_write_begin", "fs/ext4/inode.c")]
    private int BeginWrite(AddressSpaceMap map, long index, long bytes)
    {
        int frame = Find(map, index);
        if (frame < 0)
        {
            _machine.Path.Way = FileWay.Write;
            frame = Add(map, index, Gfp.Kernel, toWrite: true);
            _machine.Path.Way = FileWay.None;
            if (frame < 0)
            {
                return -1;
            }
            bool keepsSome = bytes < KernelConstants.PageSize && index << KernelConstants.PageShift < map.Bytes;
            if (keepsSome)
            {
                Submit(map, index, 1, workingset: false);
            }
            else
            {
                _frames.Flags(frame) &= ~PageFlags.Locked;
            }
        }
        if (!WaitUntilRead(map, index, frame))
        {
            return BeginWrite(map, index, bytes);
        }
        if (_rules.WritesMarkAccessed)
        {
            _machine.Lru.MarkAccessed(frame);
        }
        return frame;
    }
}
