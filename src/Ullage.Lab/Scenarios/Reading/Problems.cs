namespace Ullage.Lab.Scenarios.Reading;

/// <summary>Collects what is wrong.</summary>
internal sealed class Problems(string fileName)
{
    private readonly List<ScenarioProblem> _all = [];

    public bool Any => _all.Count > 0;

    public void Add(Place place, string path, string message) => _all.Add(Make(place, path, message));

    /// <summary>How a message about a place begins, for mistakes that only a target can find.</summary>
    public string Beginning(Place place, string path) => Make(place, path, "").ToString()[..^2];

    private ScenarioProblem Make(Place place, string path, string message) => new(
        place.Override is null ? fileName : Quote.Plain("--set " + place.Override), place.Line, place.Column, Quote.Path(path), message);

    /// <summary>By line and column; mistakes of one place in the order in which they were found.</summary>
    public IReadOnlyList<ScenarioProblem> Sorted() => [.. _all.Distinct().OrderBy(p => p.Line).ThenBy(p => p.Column)];
}
