using Ullage.Abi;
using Ullage.Abi.Units;
using Ullage.Cli.Sources;
using Ullage.Observe.Fields;
using Ullage.Observe.Host;
using Ullage.Observe.Metrics;
using Ullage.Observe.Readings;
using Ullage.Observe.Sampling;

namespace Ullage.Cli.Stat;

/// <summary>What <c>stat</c> shows of a cgroup, from any source of samples. With a process, of the cgroup that it is in at that moment.</summary>
internal sealed class StatSource : IStatSource
{
    private static readonly (string Name, Field Field)[] Shown =
    [
        ("usage", CgroupFields.Usage), ("limit", CgroupFields.Limit), ("anon", CgroupFields.Anon), ("file", CgroupFields.File),
        ("kernel", CgroupFields.Kernel), ("swap", CgroupFields.Swap), ("oom_kill", CgroupFields.OomKill),
    ];

    private readonly StatRequest _request;
    private readonly Func<SourceRequest, ISampleSource> _open;
    private readonly Reading _reading = new();
    private ISampleSource _source;
    private CgroupLocation _cgroup;
    private ulong? _id;

    private StatSource(StatRequest request, Func<SourceRequest, ISampleSource> open)
    {
        _request = request;
        _open = open;
        _source = open(request.Source with { Cgroup = request.Cgroup, Pid = request.Pid, Depth = 0, Interval = request.Interval });
        try
        {
            _cgroup = SampleSources.Wanted(request.Source with { Cgroup = request.Cgroup, Pid = request.Pid }, _source.Mounts)!;
        }
        catch
        {
            _source.Dispose();
            throw;
        }
    }

    /// <summary>Finds the cgroup that is asked for; throws with the reason when there is none.</summary>
    public static StatSource Open(StatRequest request, CliServices services) => new(request, services.Source ?? (wanted => SampleSources.Open(wanted, services)));

    public bool IsLive => _source.IsLive;

    public StatSample? Read(out string gone)
    {
        if (!Follow(out gone) || !_reading.Advance(_source, out gone))
        {
            return null;
        }
        int row = _reading.Now.RowOf(_cgroup.Path);
        if (row < 0 || (_id is ulong id && _reading.Now[row].Id != id))
        {
            gone = row < 0 ? $"cgroup {_cgroup.Path} was removed ({_cgroup.Directory}: ENOENT)" : $"cgroup {_cgroup.Path} was removed; another one has its name now";
            return null;
        }
        _id = _reading.Now[row].Id;
        return Of(_reading.Now, row, _request.Verbose);
    }

    public void Dispose() => _source.Dispose();

    // The process may have ended, or moved to another cgroup.
    private bool Follow(out string gone)
    {
        gone = "";
        if (_request.Pid is not int pid)
        {
            return true;
        }
        CgroupLocation? now = _source.Mounts.ResolvePid(pid, out string why);
        if (now is null)
        {
            bool ended = _source.Files.Read($"/proc/{pid}/cgroup").Errno is Errno.ENOENT or Errno.ESRCH;
            gone = ended ? $"process {pid} has ended; its cgroup was {_cgroup.Path}" : why;
            return false;
        }
        if (now != _cgroup)
        {
            _cgroup = now;
            _id = null;
            if (_source.IsLive)
            {
                _source.Dispose();
                _source = _open(_request.Source with { Cgroup = now.Directory, Depth = 0, Interval = _request.Interval });
            }
        }
        return true;
    }

    /// <summary>Takes what <c>stat</c> shows out of a row.</summary>
    internal static StatSample Of(Sample sample, int row, bool explain)
    {
        UllageReading ullage = UllageReading.Of(sample, row);
        return new StatSample
        {
            At = sample.At,
            Version = sample.Version,
            Cgroup = sample[row].Path,
            UsageBytes = sample.Value(CgroupFields.Usage, row),
            Limit = LimitOf(sample.Value(CgroupFields.Limit, row)),
            UllageBytes = ullage.Bytes,
            RoomBytes = ullage.RoomBytes,
            BindingCgroup = ullage.Bytes is null ? null : UllageReading.NameOf(sample, ullage.Binding),
            BindingKind = ullage.Bytes is null ? LimitKind.Memory : ullage.Binding.Kind,
            BindingLimitBytes = ullage.Bytes is null || ullage.Binding.Row < 0 ? null : ullage.Binding.LimitBytes,
            WorkingSetBytes = UllageReading.WorkingSetOf(sample, row),
            AnonBytes = sample.Value(CgroupFields.Anon, row),
            FileBytes = sample.Value(CgroupFields.File, row),
            KernelBytes = sample.Value(CgroupFields.Kernel, row),
            SwapBytes = sample.Value(CgroupFields.Swap, row),
            Failcnt = sample.Value(CgroupFields.Failcnt, row),
            MaxEvents = sample.Value(CgroupFields.EventsMax, row),
            OomKills = sample.Value(CgroupFields.OomKill, row),
            Unavailable = Reasons(sample, row, ullage),
            Fields = FieldsOf(sample, row),
            OpenMetrics = () => OpenMetricsText.Write(sample, row, host: false),
            Explanation = explain ? UllageText.Explain(sample, row) : [],
        };
    }

    private static Limit? LimitOf(long? bytes) => bytes switch
    {
        null => null,
        Sample.Unlimited => Limit.None,
        long value => Limit.OfBytes(value),
    };

    private static List<KeyValuePair<Field, long>> FieldsOf(Sample sample, int row)
    {
        List<KeyValuePair<Field, long>> fields = new(CgroupFields.List.Count);
        foreach (Field field in CgroupFields.List.All)
        {
            if (sample.TryGet(field, row, out long value))
            {
                fields.Add(new(field, value));
            }
        }
        return fields;
    }

    private static List<KeyValuePair<string, string>> Reasons(Sample sample, int row, UllageReading ullage)
    {
        List<KeyValuePair<string, string>> reasons = [];
        foreach ((string name, Field field) in Shown)
        {
            Add(name, field);
        }
        Add(sample.Version == 1 ? "failcnt" : "max", sample.Version == 1 ? CgroupFields.Failcnt : CgroupFields.EventsMax);
        if (ullage.Bytes is null)
        {
            reasons.Add(new("ullage", sample.GetHost(HostFields.MemAvailable).Why ?? "no limit could be read"));
        }
        foreach (string unread in UllageReading.UnreadOf(sample, row))
        {
            reasons.Add(new("ullage may be less", unread));
        }
        if (ullage.Bytes is not null && ullage.Binding.IsGuess)
        {
            reasons.Add(new("ullage may be more", $"what could be reclaimed is unknown: {sample.Why(CgroupFields.InactiveFile, ullage.Binding.Row)}"));
        }
        return reasons;

        void Add(string name, Field field)
        {
            if (!sample.TryGet(field, row, out _))
            {
                reasons.Add(new(name, sample.Why(field, row)));
            }
        }
    }
}
