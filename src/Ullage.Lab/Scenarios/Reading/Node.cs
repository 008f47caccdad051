namespace Ullage.Lab.Scenarios.Reading;

/// <summary>
/// One YAML node with its place. YamlDotNet's own representation model gives up at the first duplicate key and shares the nodes of anchors;
/// here all mistakes are to be told and overrides change nodes, so this tree is built from its parser's events.
/// </summary>
internal abstract class Node(Place place)
{
    public Place Place { get; } = place;

    /// <summary>What it is, for messages.</summary>
    public abstract string Kind { get; }
}

/// <summary>Where a node stands.</summary>
/// <param name="Line">From 1; 0 for an override.</param>
/// <param name="Column">From 1; 0 for an override.</param>
/// <param name="Override">The whole <c>--set</c> argument that brought the node in; null for the file.</param>
internal readonly record struct Place(int Line, int Column, string? Override = null);

/// <summary>A single value.</summary>
internal sealed class ScalarNode(Place place, string text, bool quoted) : Node(place)
{
    public string Text { get; } = text;

    /// <summary>True for <c>'x'</c>, <c>"x"</c> and block texts, which are never nothing.</summary>
    public bool Quoted { get; } = quoted;

    public bool IsNothing => !Quoted && Text is "" or "~" or "null";

    public override string Kind => IsNothing ? "nothing" : Quote.Text(Text);
}

/// <summary>A list.</summary>
internal sealed class ListNode(Place place) : Node(place)
{
    public List<Node> Items { get; } = [];

    public override string Kind => "a list";
}

/// <summary>Keys with values, in file order.</summary>
internal sealed class MapNode(Place place) : Node(place)
{
    private readonly List<Entry> _entries = [];
    private readonly Dictionary<string, Entry> _byKey = new(StringComparer.Ordinal);

    public IReadOnlyList<Entry> Entries => _entries;

    public override string Kind => "a mapping";

    public Entry? Find(string key) => _byKey.GetValueOrDefault(key);

    /// <summary>Adds a key that is not there yet.</summary>
    public void Add(Entry entry)
    {
        _byKey.Add(entry.Key, entry);
        _entries.Add(entry);
    }

    public void Put(string key, Node value)
    {
        if (Find(key) is Entry entry)
        {
            entry.Value = value;
        }
        else
        {
            Add(new Entry(key, value.Place, value));
        }
    }
}

/// <summary>A key and its value.</summary>
internal sealed class Entry(string key, Place place, Node value)
{
    public string Key { get; } = key;
    public Place Place { get; } = place;
    public Node Value { get; set; } = value;
}
