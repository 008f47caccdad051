using System.Globalization;

namespace Ullage.Lab.Scenarios.Reading;

/// <summary>
/// Applies <c>--set a.b=value</c> to the nodes before they are read. Keys may contain dots and slashes, so a path is resolved by the longest key
/// that is there, then by the longest known key. Only the kernel's own names (control files, sysctls) may be new where keys are free.
/// </summary>
internal sealed class Overrides
{
    private readonly Problems _problems;
    private readonly string _argument;
    private readonly string _path;
    private readonly Place _place;

    private Overrides(Problems problems, string argument, string path)
    {
        _problems = problems;
        _argument = argument;
        _path = path;
        _place = new Place(0, 0, argument);
    }

    public static void Apply(MapNode root, string argument, Problems problems)
    {
        int equals = argument.IndexOf('=', StringComparison.Ordinal);
        string path = equals < 0 ? "" : argument[..equals].Trim();
        if (path.Length == 0)
        {
            problems.Add(new Place(0, 0, argument), "", "not an override: write KEY=VALUE, such as machine.memory=4GiB");
            return;
        }

        Overrides overrides = new(problems, argument, path);
        Node? value = overrides.Value(argument[(equals + 1)..]);
        if (value is not null)
        {
            overrides.Set(root, ScenarioShape.Root, path, value);
        }
    }

    /// <summary>Text in brackets or braces is YAML; all else is one value, as it stands.</summary>
    private Node? Value(string text)
    {
        string trimmed = text.Trim();
        return trimmed.StartsWith('[') || trimmed.StartsWith('{')
            ? NodeLoader.Load(trimmed, _problems, _argument)
            : new ScalarNode(_place, trimmed, trimmed.Length == 0);
    }

    private void Set(Node node, Shape shape, string rest, Node value)
    {
        switch (node)
        {
            case MapNode map:
                SetInMap(map, shape, rest, value);
                break;
            case ListNode list:
                SetInList(list, shape, rest, value);
                break;
            default:
                Fail(rest, $"is a single value, so nothing is below it (looking for {Quote.Text(rest)})");
                break;
        }
    }

    private void SetInMap(MapNode map, Shape shape, string rest, Node value)
    {
        string? key = LongestPrefix(rest, map.Entries.Select(entry => entry.Key)) ?? LongestPrefix(rest, shape.Keys) ?? NewKey(map, shape, rest);
        if (key is null)
        {
            return;
        }

        if (key.Length == rest.Length)
        {
            map.Put(key, value);
            return;
        }

        Shape child = shape.Child(key) ?? Shape.Value;
        Node? below = map.Find(key)?.Value;
        if (below is null or ScalarNode { IsNothing: true })
        {
            if (!child.IsMap)
            {
                string what = child.IsList ? "is an empty list, so there is nothing in it to change" : "is a single value, so nothing is below it";
                Fail(rest[(key.Length + 1)..], what);
                return;
            }

            below = new MapNode(_place);
            map.Put(key, below);
        }
        else if (below is ScalarNode scalar && child.ShortKey is string shortKey)
        {
            MapNode spelledOut = new(scalar.Place);
            spelledOut.Put(shortKey, scalar);
            map.Put(key, spelledOut);
            below = spelledOut;
        }

        Set(below, child, rest[(key.Length + 1)..], value);
    }

    /// <summary>A key that is neither there nor known: good where the kernel names the keys, otherwise a mistake.</summary>
    private string? NewKey(MapNode map, Shape shape, string rest)
    {
        if (shape.Element is not null && shape.Names is null)
        {
            return rest;
        }

        string[] known = shape.Names is null && !shape.IsOperation ? [.. shape.Keys] : [.. map.Entries.Select(entry => entry.Key)];
        string what = shape.Names ?? (shape.IsOperation ? "operation" : "key");
        string word = shape.Names is null ? FirstSegment(rest) : NearestFit(rest, known);
        string advice = known.Length == 0 ? $": there is no {what} here to change" : Nearest.Advice(word, known);
        _problems.Add(_place, "", $"unknown {what} {Quote.Text(word)}{advice}");
        return null;
    }

    /// <summary>A free key may contain dots: the part of the path that is nearest to a key that is there.</summary>
    private static string NearestFit(string word, string[] known)
    {
        string best = word;
        int bestDistance = int.MaxValue;
        for (int end = word.Length; end > 0; end = word.LastIndexOf('.', end - 1))
        {
            foreach (string candidate in known)
            {
                int distance = Nearest.Distance(word[..end], candidate);
                if (distance < bestDistance)
                {
                    (best, bestDistance) = (word[..end], distance);
                }
            }
        }

        return best;
    }

    private void SetInList(ListNode list, Shape shape, string rest, Node value)
    {
        int index = IndexOf(list, shape.Names ?? "item", rest, out int length);
        if (index < 0)
        {
            return;
        }

        if (length == rest.Length)
        {
            list.Items[index] = value;
        }
        else
        {
            Set(list.Items[index], shape.Element ?? Shape.Value, rest[(length + 1)..], value);
        }
    }

    private int IndexOf(ListNode list, string what, string rest, out int length)
    {
        string segment = FirstSegment(rest);
        length = segment.Length;
        if (int.TryParse(segment, NumberStyles.None, CultureInfo.InvariantCulture, out int index))
        {
            if (index < list.Items.Count)
            {
                return index;
            }

            string range = list.Items.Count == 0 ? "the list is empty" : $"there {(list.Items.Count == 1 ? "is" : "are")} {list.Items.Count}, counted from 0";
            Fail(rest, $"has no {what} {index}: {range}");
            return -1;
        }

        List<string?> names = [.. list.Items.Select(item => ((item as MapNode)?.Find("name")?.Value as ScalarNode)?.Text)];
        string[] known = [.. names.OfType<string>()];
        if (LongestPrefix(rest, known) is string name)
        {
            length = name.Length;
            return names.IndexOf(name);
        }

        string advice = known.Length == 0 ? ": write its number, counted from 0" : Nearest.Advice(segment, known);
        _problems.Add(_place, "", $"unknown {what} {Quote.Text(segment)}{advice}");
        return -1;
    }

    private void Fail(string rest, string what)
    {
        string above = _path.Length > rest.Length ? _path[..(_path.Length - rest.Length - 1)] : _path;
        _problems.Add(_place, "", $"{Quote.Text(above)} {what}");
    }

    private static string FirstSegment(string rest)
    {
        int dot = rest.IndexOf('.', StringComparison.Ordinal);
        return dot < 0 ? rest : rest[..dot];
    }

    private static string? LongestPrefix(string rest, IEnumerable<string> keys)
    {
        string? best = null;
        foreach (string key in keys)
        {
            bool fits = key.Length > 0 && rest.StartsWith(key, StringComparison.Ordinal) && (rest.Length == key.Length || rest[key.Length] == '.');
            if (fits && (best is null || key.Length > best.Length))
            {
                best = key;
            }
        }

        return best;
    }
}
