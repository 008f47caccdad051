using Ullage.Abi;
using Ullage.Observe.Host;
using Ullage.Observe.Sampling;

namespace Ullage.Recording.Reading;

/// <summary>The samples of a recording, one after the other, as if they were of now.</summary>
public sealed class RecordingSource : ISampleSource
{
    private readonly RecordingReader _reader;
    private readonly TreeSampler _sampler;
    private readonly long _untilNs;
    private bool _atFirst;

    /// <summary>Begins at a moment.</summary>
    /// <param name="reader">The recording; it is closed with this.</param>
    /// <param name="fromNs">The first sample is the last one that is not after this; null = the first of all.</param>
    /// <param name="untilNs">No sample after this; null = to the end.</param>
    /// <param name="selection">What to read; null = everything.</param>
    public RecordingSource(RecordingReader reader, long? fromNs = null, long? untilNs = null, SampleSelection? selection = null)
    {
        _reader = reader;
        _untilNs = untilNs ?? long.MaxValue;
        reader.MoveTo(fromNs ?? reader.FirstNs);
        _atFirst = true;
        Mounts = CgroupMounts.Find(reader.Files);
        _sampler = new TreeSampler(reader.Files, Mounts, selection);
    }

    /// <inheritdoc/>
    public string Name => $"recording {Path.GetFileName(_reader.Path)}";

    /// <inheritdoc/>
    public bool IsLive => false;

    /// <inheritdoc/>
    public IKernelFiles Files => _reader.Files;

    /// <inheritdoc/>
    public CgroupMounts Mounts { get; }

    /// <inheritdoc/>
    public bool Next(Sample sample, out string end)
    {
        end = "";
        if (!_atFirst && !_reader.MoveNext())
        {
            end = $"{Name} ends at {_reader.Meta.TimeText(_reader.LastNs)}";
            return false;
        }
        if (_reader.TimeNs > _untilNs)
        {
            end = $"{Name}: nothing more until {_reader.Meta.TimeText(_untilNs)}";
            return false;
        }
        _atFirst = false;
        _sampler.Read(sample, _reader.TimeNs, DateTimeOffset.UnixEpoch.AddTicks(_reader.TimeNs / 100));
        return true;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _sampler.Dispose();
        _reader.Dispose();
    }
}
