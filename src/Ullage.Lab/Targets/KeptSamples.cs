using System.Globalization;
using Ullage.Lab.Results;

namespace Ullage.Lab.Targets;

/// <summary>The samples of a run, up to a bound: an interval that is too fine for the length of the run must not eat the memory of the machine.</summary>
internal sealed class KeptSamples
{
    /// <summary>The most samples that are kept.</summary>
    public const int MostSamples = 100_000;

    /// <summary>The most characters that all samples together may have.</summary>
    public const long MostCharacters = 32L << 20;

    private readonly List<SampleResult> _samples = [];
    private long _characters;
    private long? _fullNs;

    public IReadOnlyList<SampleResult> Kept => _samples;

    /// <summary>What to tell when samples were not taken; null when all were.</summary>
    public string? Note => _fullNs is not long full ? null : string.Create(CultureInfo.InvariantCulture,
        $"samples: {_samples.Count} were kept, none after {full} ns: more would not fit; raise sample.every");

    /// <summary>True while there is room for one more.</summary>
    public bool MayAdd(long nowNs)
    {
        bool room = _samples.Count < MostSamples && _characters < MostCharacters;
        if (!room)
        {
            _fullNs ??= nowNs;
        }
        return room;
    }

    public void Add(SampleResult sample)
    {
        _samples.Add(sample);
        foreach ((string _, string text) in sample.Files)
        {
            _characters += text.Length;
        }
    }
}
