using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Ullage.Lab.Scenarios.Reading;

/// <summary>Turns YAML text into nodes, telling syntax errors and duplicate keys as problems.</summary>
internal sealed class NodeLoader
{
    private const int DeepestNesting = 50;
    private const int MostNodes = 200_000;

    private readonly Problems _problems;
    private readonly string? _override;
    private readonly Dictionary<string, Node> _anchors = new(StringComparer.Ordinal);
    private readonly Stack<(Place Place, char End)> _open = [];
    private Parser _parser = null!;
    private int _nodes;

    private NodeLoader(Problems problems, string? overrideText)
    {
        _problems = problems;
        _override = overrideText;
    }

    /// <summary>The text's root; null when it is empty or not YAML, which is then among the problems.</summary>
    public static Node? Load(string text, Problems problems, string? overrideText = null) => new NodeLoader(problems, overrideText).Load(text);

    private Node? Load(string text)
    {
        try
        {
            _parser = new Parser(new StringReader(text));
            return ReadStream();
        }
        catch (LoadException error)
        {
            _problems.Add(error.Place, "", error.Message);
        }
        catch (YamlException error)
        {
            bool atEnd = error.Start.Index >= text.TrimEnd().Length;
            if (_open.TryPeek(out (Place Place, char End) unclosed) && error.Message.Contains(atEnd ? "did not find expected" : "did not find expected '", StringComparison.Ordinal))
            {
                string where = error.Start.Line > unclosed.Place.Line && _override is null ? FormattableString.Invariant($" before line {error.Start.Line}") : "";
                _problems.Add(unclosed.Place, "", $"not valid YAML: what is opened here lacks ',' or '{unclosed.End}'{where}");
                return null;
            }
            string reason = error.InnerException is null ? error.Message : $"{error.Message} {error.InnerException.Message}";
            _problems.Add(TabPlace(error, text) ?? At(error.Start), "", $"not valid YAML: {Quote.Path(reason.TrimEnd('.'))}");
        }
        catch (Exception error) when (error is InvalidOperationException or ArgumentException or FormatException or OverflowException)
        {
            bool open = _open.TryPeek(out (Place Place, char End) innermost);
            _problems.Add(open ? innermost.Place : At(_parser.Current?.Start ?? Mark.Empty), "", open
                ? $"not valid YAML: what is opened here is not closed: add '{innermost.End}'"
                : "not valid YAML after this place: check brackets, quotes and indentation");
        }

        return null;
    }

    /// <summary>For a tab as indentation the parser's mark is that of the whole mapping; the tab itself is easily found.</summary>
    private Place? TabPlace(YamlException error, string text)
    {
        if (_override is not null || !error.Message.Contains("tab as indentation", StringComparison.Ordinal))
        {
            return null;
        }

        string[] lines = text.Split('\n');
        int line = Array.FindIndex(lines, l => l.TrimStart(' ').StartsWith('\t'));
        return line < 0 ? null : new Place(line + 1, lines[line].IndexOf('\t', StringComparison.Ordinal) + 1);
    }

    private Node? ReadStream()
    {
        Next<StreamStart>();
        if (!_parser.MoveNext() || _parser.Current is StreamEnd)
        {
            _problems.Add(new Place(_override is null ? 1 : 0, _override is null ? 1 : 0, _override), "", "the file is empty: a scenario needs at least 'name:'");
            return null;
        }

        _parser.MoveNext(); // past the document's start
        Node root = ReadNode(0);
        Next<DocumentEnd>();
        _parser.MoveNext();
        if (_parser.Current is DocumentStart second)
        {
            throw new LoadException(At(second.Start), "a second document begins here: keep one scenario in one file");
        }

        return root;
    }

    private void Next<T>() where T : ParsingEvent
    {
        if (!_parser.MoveNext() || _parser.Current is not T)
        {
            throw new LoadException(At(_parser.Current?.Start ?? Mark.Empty), "not valid YAML: the file ends too early");
        }
    }

    /// <summary>Reads the node that the current event begins; leaves the parser on its last event.</summary>
    private Node ReadNode(int depth)
    {
        ParsingEvent current = _parser.Current ?? throw new LoadException(At(Mark.Empty), "not valid YAML: the file ends too early");
        Place place = At(current.Start);
        Count(place, depth);
        return current switch
        {
            Scalar scalar => Anchored(scalar.Anchor, new ScalarNode(place, scalar.Value, scalar.Style != ScalarStyle.Plain)),
            SequenceStart start => Anchored(start.Anchor, ReadList(place, depth, start.Style == SequenceStyle.Flow)),
            MappingStart start => Anchored(start.Anchor, ReadMap(place, depth, start.Style == MappingStyle.Flow)),
            AnchorAlias alias => Copy(Resolve(alias, place), place, depth),
            _ => throw new LoadException(place, "not valid YAML: a value was expected here"),
        };
    }

    private ListNode ReadList(Place place, int depth, bool flow)
    {
        ListNode list = new(place);
        Open(place, flow, ']');
        while (_parser.MoveNext() && _parser.Current is not SequenceEnd)
        {
            list.Items.Add(ReadNode(depth + 1));
        }

        Close(flow);
        return list;
    }

    private MapNode ReadMap(Place place, int depth, bool flow)
    {
        MapNode map = new(place);
        Open(place, flow, '}');
        while (_parser.MoveNext() && _parser.Current is not MappingEnd)
        {
            Node key = ReadNode(depth + 1);
            _parser.MoveNext();
            Node value = ReadNode(depth + 1);
            if (key is not ScalarNode { Text: string text })
            {
                _problems.Add(key.Place, "", $"{key.Kind} cannot be a key: write a word before the colon");
            }
            else if (map.Find(text) is Entry first)
            {
                _problems.Add(key.Place, "", $"key {Quote.Text(text)} appears twice (first on line {first.Place.Line}): remove one of them");
            }
            else
            {
                map.Add(new Entry(text, key.Place, value));
            }
        }

        Close(flow);
        return map;
    }

    /// <summary>Remembers brackets, because the parser does not say which one it missed.</summary>
    private void Open(Place place, bool flow, char end)
    {
        if (flow)
        {
            _open.Push((place, end));
        }
    }

    private void Close(bool flow)
    {
        if (flow)
        {
            _open.Pop();
        }
    }

    private Node Anchored(AnchorName anchor, Node node)
    {
        if (!anchor.IsEmpty)
        {
            _anchors[anchor.Value] = node;
        }

        return node;
    }

    private Node Resolve(AnchorAlias alias, Place place) =>
        _anchors.TryGetValue(alias.Value.Value, out Node? node)
            ? node
            : throw new LoadException(place, $"'*{Quote.Plain(alias.Value.Value)}' refers to an anchor that is not finished before this place: define '&{Quote.Plain(alias.Value.Value)}' above");

    /// <summary>An alias is a copy, so that overriding one place leaves the other alone. It is counted, so that aliases of aliases end.</summary>
    private Node Copy(Node node, Place place, int depth)
    {
        Count(place, depth);
        switch (node)
        {
            case ListNode list:
                ListNode newList = new(place);
                newList.Items.AddRange(list.Items.Select(item => Copy(item, place, depth + 1)));
                return newList;
            case MapNode map:
                MapNode newMap = new(place);
                foreach (Entry entry in map.Entries)
                {
                    newMap.Add(new Entry(entry.Key, place, Copy(entry.Value, place, depth + 1)));
                }

                return newMap;
            default:
                ScalarNode scalar = (ScalarNode)node;
                return new ScalarNode(place, scalar.Text, scalar.Quoted);
        }
    }

    private void Count(Place place, int depth)
    {
        if (depth > DeepestNesting)
        {
            throw new LoadException(place, $"nested deeper than {DeepestNesting} levels: a scenario needs far fewer");
        }

        if (++_nodes > MostNodes)
        {
            throw new LoadException(place, $"more than {MostNodes} values: a scenario needs far fewer (are there aliases of aliases?)");
        }
    }

    private Place At(Mark mark) => _override is null ? new Place((int)Math.Max(1, mark.Line), (int)Math.Max(1, mark.Column)) : new Place(0, 0, _override);

    private sealed class LoadException(Place place, string message) : Exception(message)
    {
        public Place Place { get; } = place;
    }
}
