using System.Globalization;
using System.Text;

namespace Ullage.Lab.Scenarios.Reading;

/// <summary>What a scenario names in one place and uses in another. Names are gathered while reading; uses are judged when all names are known.</summary>
internal sealed class References(Problems problems)
{
    private readonly List<(Place Place, string Path, string Name, Func<string, string?> Judge)> _uses = [];
    private readonly HashSet<string> _cgroups = new(StringComparer.Ordinal);
    private readonly HashSet<string> _processes = new(StringComparer.Ordinal);
    private readonly List<(string Name, int Count)> _numbered = [];
    private readonly HashSet<string> _files = new(StringComparer.Ordinal);
    private readonly List<string> _createdIn = [];

    /// <summary>The steps of each process, as far as their number is fixed by the file.</summary>
    private readonly Dictionary<string, int> _steps = new(StringComparer.Ordinal);

    public void AddCgroup(string path) => _cgroups.Add(path);

    public void AddFile(string path) => _files.Add(path);

    public void AddFilesIn(string directory) => _createdIn.Add(directory.TrimEnd('/') + "/");

    public bool AddProcess(string name, int count, int? steps)
    {
        if (count > 1)
        {
            _numbered.Add((name, count));
        }

        if (steps is int number)
        {
            _steps.TryAdd(name, number);
        }

        return _processes.Add(name);
    }

    public void UseCgroup(Place place, string path, string cgroup) => _uses.Add((place, path, cgroup, JudgeCgroup));

    public void UseProcess(Place place, string path, string process) => _uses.Add((place, path, process, JudgeProcess));

    public void UseFile(Place place, string path, string file) => _uses.Add((place, path, file, JudgeFile));

    public void UseStep(Place place, string path, string process, long step) => _uses.Add((place, path, process, name => JudgeStep(name, step)));

    public void Judge()
    {
        foreach ((Place place, string path, string name, Func<string, string?> judge) in _uses)
        {
            if (judge(name) is string message)
            {
                problems.Add(place, path, message);
            }
        }
    }

    /// <summary>The name with rounds and numbers made alike, so that <c>job{i}</c> and <c>job7</c> are the same when one of them has a placeholder.</summary>
    public static bool Same(string a, string b) =>
        string.Equals(a, b, StringComparison.Ordinal)
        || ((Placeholder.IsIn(a) || Placeholder.IsIn(b)) && string.Equals(Blur(a), Blur(b), StringComparison.Ordinal));

    public static bool IsAmong(string name, IReadOnlyCollection<string> known) => known.Contains(name) || known.Any(other => Same(name, other));

    private string? JudgeCgroup(string cgroup)
    {
        if (cgroup is "" or "/" || IsAmong(cgroup, _cgroups))
        {
            return null;
        }

        string? nearest = Nearest.Of(cgroup, _cgroups);
        string advice = nearest is not null ? $"did you mean '{nearest}'?" : "add it to cgroup.groups, or make it with mkdir";
        return $"unknown cgroup {Quote.Text(cgroup)}: {advice}";
    }

    private string? JudgeProcess(string process) =>
        process.Length == 0 || IsAmong(process, _processes) || IsNumbered(process)
            ? null
            : $"unknown process {Quote.Text(process)}{Advice(process, _processes, "no process has a name")}";

    private string? JudgeFile(string file)
    {
        bool kernels = file.StartsWith("/proc/", StringComparison.Ordinal) || file.StartsWith("/sys/", StringComparison.Ordinal);
        if (file.Length == 0 || kernels || IsAmong(file, _files) || _createdIn.Any(directory => Blur(file).StartsWith(Blur(directory), StringComparison.Ordinal)))
        {
            return null;
        }

        string? nearest = Nearest.Of(file, _files);
        string advice = nearest is not null ? $"did you mean '{nearest}'?" : "add it to files with its size, or write it first";
        return $"unknown file {Quote.Text(file)}: {advice}";
    }

    private string? JudgeStep(string process, long step)
    {
        if (!_steps.TryGetValue(process, out int steps) || step < steps)
        {
            return null;
        }

        string has = steps switch { 0 => "has no steps", 1 => "has 1 step, which is number 0", _ => $"has {steps} steps, 0 to {steps - 1}" };
        return $"there is no step {step}: {Quote.Text(process)} {has}";
    }

    private bool IsNumbered(string process)
    {
        foreach ((string name, int count) in _numbered)
        {
            if (process.StartsWith(name + "-", StringComparison.Ordinal)
                && int.TryParse(process.AsSpan(name.Length + 1), NumberStyles.None, CultureInfo.InvariantCulture, out int number)
                && number >= 1 && number <= count)
            {
                return true;
            }
        }

        return false;
    }

    private static string Advice(string word, HashSet<string> known, string none) => known.Count == 0 ? $": {none}" : Nearest.Advice(word, known);

    private static string Blur(string name)
    {
        StringBuilder blurred = new();
        for (int i = 0; i < name.Length; i++)
        {
            bool placeholder = Placeholder.At(name, i) >= 0;
            if (placeholder || char.IsAsciiDigit(name[i]))
            {
                if (blurred.Length == 0 || blurred[^1] != '#')
                {
                    blurred.Append('#');
                }

                i += placeholder ? Placeholder.Length - 1 : 0;
            }
            else
            {
                blurred.Append(name[i]);
            }
        }

        return blurred.ToString();
    }
}
