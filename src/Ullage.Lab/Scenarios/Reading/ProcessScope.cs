namespace Ullage.Lab.Scenarios.Reading;

/// <summary>What a process's list has made so far. A child begins with a copy; exec begins anew.</summary>
internal sealed class ProcessScope
{
    private readonly HashSet<string> _regions;
    private readonly HashSet<string> _allocations;

    public ProcessScope() : this([], [])
    {
    }

    private ProcessScope(HashSet<string> regions, HashSet<string> allocations)
    {
        _regions = regions;
        _allocations = allocations;
    }

    public ProcessScope Fork() => new([.. _regions], [.. _allocations]);

    public void Exec()
    {
        _regions.Clear();
        _allocations.Clear();
    }

    public void AddRegion(string name) => _regions.Add(name);

    public void AddAllocation(string name) => _allocations.Add(name);

    public string? JudgeRegion(string name) => Judge("region", "mmap", name, _regions);

    public string? JudgeAllocation(string name) => Judge("allocation", "malloc", name, _allocations);

    private static string? Judge(string what, string maker, string name, HashSet<string> known)
    {
        if (name.Length == 0 || References.IsAmong(name, known))
        {
            return null;
        }

        string? nearest = Nearest.Of(name, known);
        string advice = nearest is not null ? $"did you mean '{nearest}'?" : $"make it with {maker} before this step";
        return $"unknown {what} {Quote.Text(name)}: {advice}";
    }
}
