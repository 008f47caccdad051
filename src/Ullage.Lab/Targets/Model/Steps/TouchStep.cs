using Ullage.Abi.Units;
using Ullage.Lab.Results;
using Ullage.Lab.Scenarios;
using Ullage.Lab.Workloads;

namespace Ullage.Lab.Targets.Model.Steps;

/// <summary><c>touch</c>: accesses to the pages of a region, in the order that every target draws.</summary>
internal sealed class TouchStep : ModelStep
{
    /// <summary>512 GiB: beyond it the table of zipf's law does not fit into memory.</summary>
    private const long MostZipfPages = 1L << 27;

    private readonly TouchOperation _operation;
    private readonly Region _region;
    private readonly AccessStream? _stream;
    private readonly List<PassResult> _passes = [];
    private long _page = -1;
    private long _inPass;
    private long _hits;
    private long _misses;
    private long _passBeganNs;

    public TouchStep(TouchOperation operation, StepContext context) : base(context)
    {
        _operation = operation;
        _region = context.RegionOf(operation.Region, operation);
        _passBeganNs = context.Machine.TimeNs;
        long pages = Pages(_region.Bytes);
        if (operation.Pattern.Pattern == AccessPattern.Zipf && pages > MostZipfPages)
        {
            throw new TargetUnavailableException($"line {operation.Line}: touch: region {operation.Region} has more than 512 GiB, too much for pattern zipf: " +
                "make the region smaller or choose another pattern", 2);
        }
        _stream = pages > 0 ? new AccessStream(operation.Pattern, pages, context.Seed) : null;
    }

    public override long Requested => _stream?.Total ?? 0;

    public override StepOutcome Run()
    {
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
            long now = Context.Machine.TimeNs;
            _passes.Add(Pass(now));
            (_inPass, _hits, _misses, _passBeganNs) = (0, 0, 0, now);
        }
        return StepOutcome.Done;
    }

    /// <summary>One access; the same one again until it succeeds.</summary>
    public StepOutcome One()
    {
        if (_stream is null)
        {
            return StepOutcome.Done;
        }
        if (_page < 0)
        {
            _page = _stream.Next();
            bool resident = _region.Address >= 0 && Context.Machine.IsResident(Context.Task, AddressOf(_page));
            _hits += resident ? 1 : 0;
            _misses += resident ? 0 : 1;
        }
        StepOutcome outcome = Context.Access(AddressOf(_page), _operation.Write);
        if (outcome.Next == StepNext.Done)
        {
            (_page, Done, _inPass) = (-1, Done + 1, _inPass + 1);
        }
        return outcome;
    }

    public override IReadOnlyList<PassResult> Passes(long nowNs) =>
        _stream is null || _passes.Count == _stream.Passes ? [.. _passes] : [.. _passes, Pass(nowNs)];

    private PassResult Pass(long nowNs) => new(_hits, _misses, 0, nowNs - _passBeganNs);

    private long AddressOf(long page) => _region.Address < 0 ? -1 : _region.Address + (page << KernelConstants.PageShift);
}
