namespace Ullage.Tidy;

/// <summary>
/// Exceptions from rules, each with a reason: lines <c>rule key: reason</c> of allow.txt. An entry that excuses nothing is itself a finding.
/// </summary>
internal sealed class AllowList
{
    private readonly Dictionary<string, string> _reasons = new(StringComparer.Ordinal);
    private readonly HashSet<string> _used = new(StringComparer.Ordinal);
    private readonly string _rule;

    public AllowList(string text, string rule)
    {
        _rule = rule;
        foreach (string line in text.Split('\n'))
        {
            int space = line.IndexOf(' ', StringComparison.Ordinal);
            if (!line.StartsWith('#') && space > 0 && line[..space] == rule)
            {
                int colon = line.IndexOf(": ", StringComparison.Ordinal);
                Assert.True(colon > space && line[(colon + 2)..].Trim().Length > 10, $"allow.txt: \"{line}\" gives no reason: write \"rule key: reason\"");
                _reasons.Add(line[(space + 1)..colon].Trim(), line[(colon + 2)..]);
            }
        }
    }

    public static AllowList Load(string rule) => new(Repository.Read("tests/Ullage.Tidy/allow.txt"), rule);

    public bool Excuses(string key)
    {
        _used.Add(key);
        return _reasons.ContainsKey(key);
    }

    /// <summary>Entries that nothing asked for.</summary>
    public IEnumerable<string> Unused()
        => _reasons.Keys.Where(key => !_used.Contains(key)).Select(key => $"allow.txt: \"{_rule} {key}\" excuses nothing any more: remove it");
}
