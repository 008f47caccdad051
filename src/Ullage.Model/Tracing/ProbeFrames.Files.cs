namespace Ullage.Model.Tracing;

/// <summary>Who wants a page of a file (§12.4, §12.5).</summary>
internal sealed partial class ProbeFrames
{
    /// <summary>A request is handed to the disk, or its end is waited for.</summary>
    private void AddFileStall(List<string> frames, KernelPath path, bool inFault)
    {
        if (path.Site == KernelSite.FileWait)
        {
            frames.AddRange(inFault ? _paths.Files.WaitInFault : _paths.Files.WaitInRead);
            AddFileCall(frames, path.Way, inFault);
            return;
        }
        frames.AddRange(path.Way is FileWay.Alone or FileWay.Write ? _paths.Files.SubmitAlone : _paths.Files.Submit);
        if (path.Way == FileWay.Alone)
        {
            AddFileCall(frames, path.Way, inFault); // its page is there already
        }
        else
        {
            AddFileUser(frames, path.Way, inFault);
        }
    }

    /// <summary>The page, or a node of the tree that it comes into, is charged.</summary>
    private void AddFileCharge(List<string> frames, KernelPath path, bool inFault)
    {
        if (path.Thing == ChargedThing.Slab)
        {
            frames.AddRange(_paths.SlabLookup);
            frames.AddRange(_paths.Files.TreeNode);
        }
        else
        {
            frames.AddRange(path.Way is FileWay.Alone or FileWay.Write ? _paths.Files.ChargeAlone : _paths.Files.Charge);
        }
        AddFileUser(frames, path.Way, inFault);
    }

    /// <summary>The readahead, if any, and its caller.</summary>
    private void AddFileUser(List<string> frames, FileWay way, bool inFault)
    {
        frames.AddRange(way switch
        {
            FileWay.Sync => _paths.Files.Sync,
            FileWay.Async => _paths.Files.Async,
            FileWay.Forced => _paths.Files.Forced,
            FileWay.Around => _paths.Files.Around,
            FileWay.Alone when inFault => _paths.Files.FaultAlone,
            _ => [],
        });
        AddFileCall(frames, way, inFault);
    }

    private void AddFileCall(List<string> frames, FileWay way, bool inFault) =>
        frames.AddRange(inFault ? _paths.Files.Fault : way == FileWay.Write ? _paths.Files.Write : _paths.Files.Read);
}
