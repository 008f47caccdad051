using Ullage.Abi;
using Ullage.Abi.Units;
using Ullage.Lab.Results;
using Ullage.Lab.Scenarios;
using Ullage.Lab.Workloads;
using Ullage.Model;
using Ullage.Model.AddressSpace;
using Ullage.Model.Files;

namespace Ullage.Lab.Targets.Model.Steps;

/// <summary><c>read</c>: reads pages of a file, by read(2) or through a mapping, in the order that every target draws.</summary>
internal sealed class ReadStep : ModelStep
{
    private readonly ReadOperation _operation;
    private readonly List<PassResult> _passes = [];
    private FileHandle? _file;
    private AccessStream? _stream;
    private Errno _opened;
    private long _mapping = -1;
    private long _page = -1;
    private long _inPass;
    private long _hits;
    private long _misses;
    private long _passBeganNs;
    private long _readBefore;

    public ReadStep(ReadOperation operation, StepContext context) : base(context)
    {
        _operation = operation;
        (_opened, _file) = context.Machine.OpenData(operation.File);
        if (_file is null)
        {
            return;
        }
        context.Machine.AdviseData(_file, AdviceOf(operation.Advice));
        long pages = Pages(_file.Bytes);
        _stream = pages > 0 ? new AccessStream(operation.Pattern, pages, context.Seed) : null;
        if (pages > 0 && operation.ViaMmap)
        {
            Map();
        }
        BeginPass();
    }

    private void Map()
    {
        (_opened, long address) = Context.Machine.MmapData(Context.Task, _file!, _file!.Bytes, VmaFlags.Read | VmaFlags.Shared);
        if (_opened == Errno.None)
        {
            _mapping = address;
            _ = Context.Machine.Madvise(Context.Task, address, PageAlign(_file.Bytes), _operation.Advice switch { "random" => Advice.Random, "sequential" => Advice.Sequential, _ => Advice.Normal });
        }
    }

    private static FileAdvice AdviceOf(string word) => word switch { "random" => FileAdvice.Random, "sequential" => FileAdvice.Sequential, _ => FileAdvice.Normal };

    public override long Requested => _stream?.Total ?? 0;

    public override StepOutcome Run()
    {
        if (_opened != Errno.None)
        {
            Close();
            return StepOutcome.Failed(_opened);
        }
        while (_stream is not null && _passes.Count < _stream.Passes)
        {
            while (_inPass < _stream.PerPass)
            {
                if (Context.OverBudget)
                {
                    return StepOutcome.Ready;
                }
                StepOutcome outcome = One();
                if (outcome.Next != StepNext.Done)
                {
                    return outcome;
                }
            }
            _passes.Add(Pass(Context.Machine.TimeNs));
            BeginPass();
        }
        Close();
        return StepOutcome.Done;
    }

    private void BeginPass() => (_inPass, _hits, _misses, _passBeganNs, _readBefore) = (0, 0, 0, Context.Machine.TimeNs, Context.Task.ReadBytes);

    /// <summary>One access; the same one again until it succeeds.</summary>
    public StepOutcome One()
    {
        if (_opened != Errno.None || _stream is null)
        {
            return _opened == Errno.None ? StepOutcome.Done : StepOutcome.Failed(_opened);
        }
        if (_page < 0)
        {
            _page = _stream.Next();
            bool resident = Context.Machine.IsCached(_file!, _page);
            _hits += resident ? 1 : 0;
            _misses += resident ? 0 : 1;
        }
        StepOutcome outcome = _operation.ViaMmap ? Context.Access(_mapping + (_page << KernelConstants.PageShift), write: false) : Read();
        if (outcome.Next == StepNext.Done)
        {
            (_page, Done, _inPass) = (-1, Done + 1, _inPass + 1);
        }
        else if (outcome.Next is StepNext.Failed or StepNext.Dead)
        {
            Close();
        }
        return outcome;
    }

    private StepOutcome Read()
    {
        (Errno errno, _) = Context.Machine.ReadData(Context.Task, _file!, _page << KernelConstants.PageShift, KernelConstants.PageSize);
        return Context.Task.FatalSignalPending ? StepOutcome.Dead : errno == Errno.None ? StepOutcome.Done : StepOutcome.Failed(errno);
    }

    /// <summary>The last round of an interleave is over, or the step itself.</summary>
    public void Close()
    {
        if (_file is null)
        {
            return;
        }
        if (_mapping >= 0 && Context.Task.Mm is not null)
        {
            _ = Context.Machine.Munmap(Context.Task, _mapping, PageAlign(_file.Bytes));
        }
        Context.Machine.CloseData(_file);
        (_file, _mapping) = (null, -1);
    }

    public override IReadOnlyList<PassResult> Passes(long nowNs) =>
        _stream is null || _passes.Count == _stream.Passes ? [.. _passes] : [.. _passes, Pass(nowNs)];

    private PassResult Pass(long nowNs) => new(_hits, _misses, Context.Task.ReadBytes - _readBefore, nowNs - _passBeganNs);
}

/// <summary><c>write</c>: writes pages of a file, which is made if there is none; counts pages.</summary>
internal sealed class WriteStep : ModelStep
{
    private readonly WriteOperation _operation;
    private readonly AccessStream? _stream;
    private readonly FileHandle? _file;
    private readonly Errno _opened;
    private long _page = -1;

    public WriteStep(WriteOperation operation, StepContext context) : base(context)
    {
        _operation = operation;
        long pages = Pages(operation.Bytes);
        _stream = pages > 0 ? new AccessStream(operation.Pattern, pages, context.Seed) : null;
        (_opened, _file) = context.Machine.OpenData(operation.File, create: true);
    }

    public override long Requested => _stream?.Total ?? 0;

    public override StepOutcome Run()
    {
        while (_stream is not null && Done < _stream.Total)
        {
            if (Context.OverBudget)
            {
                return StepOutcome.Ready;
            }
            StepOutcome outcome = One();
            if (outcome.Next != StepNext.Done)
            {
                return outcome;
            }
        }
        if (_operation.Fsync && _file is not null)
        {
            Context.Machine.SyncData(_file);
        }
        Close();
        return StepOutcome.Done;
    }

    /// <summary>Writes one page.</summary>
    public StepOutcome One()
    {
        if (_file is null || _stream is null)
        {
            return _opened == Errno.None ? StepOutcome.Done : StepOutcome.Failed(_opened);
        }
        _page = _page < 0 ? _stream.Next() : _page;
        (Errno errno, _) = Context.Machine.WriteData(Context.Task, _file, _page << KernelConstants.PageShift, KernelConstants.PageSize);
        if (Context.Task.FatalSignalPending || errno != Errno.None)
        {
            Close();
            return Context.Task.FatalSignalPending ? StepOutcome.Dead : StepOutcome.Failed(errno);
        }
        _page = -1;
        Done++;
        return StepOutcome.Done;
    }

    /// <summary>The file is no longer needed.</summary>
    public void Close()
    {
        if (_file is { } file)
        {
            Context.Machine.CloseData(file);
        }
    }
}
