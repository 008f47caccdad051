using System.Globalization;

namespace Ullage.Lab.Scenarios.Reading;

/// <summary>
/// Reads the keys of one mapping. What is wrong goes to the problems, and reading goes on with the default, so that all mistakes are found.
/// Unknown keys are told when the reader is made.
/// </summary>
internal sealed class MapReader
{
    private static readonly (string Word, bool Value)[] BoolWords = [("true", true), ("false", false)];

    private readonly MapNode _map;
    private readonly Shape _shape;

    public MapReader(Problems problems, MapNode map, string path, Shape shape)
    {
        Problems = problems;
        _map = map;
        Path = path;
        _shape = shape;
        if (shape.Element is null)
        {
            TellUnknownKeys();
        }
    }

    public Problems Problems { get; }
    public string Path { get; }
    public Place Place => _map.Place;
    public IReadOnlyList<Entry> Entries => _map.Entries;

    public string Below(string key) => Path.Length == 0 ? key : $"{Path}.{key}";

    public bool Has(string key) => _map.Find(key) is { Value: not ScalarNode { IsNothing: true } };

    public Node? Node(string key) => _map.Find(key)?.Value;

    public Place PlaceOf(string key) => _map.Find(key)?.Value.Place ?? _map.Place;

    public void Tell(string key, string message) => Problems.Add(PlaceOf(key), Below(key), message);

    /// <summary>The text of a key; null when it is absent or wrong. <paramref name="what"/> says what it should be.</summary>
    public string? Text(string key, string what)
    {
        switch (Node(key))
        {
            case null:
                return null;
            case ScalarNode { IsNothing: false } scalar:
                return scalar.Text;
            case Node other:
                Tell(key, $"expected {what}, found {other.Kind}");
                return null;
        }
    }

    public string RequiredText(string key, string what)
    {
        Require(key, what);
        string? text = Text(key, what);
        if (text?.Trim().Length == 0)
        {
            Tell(key, $"expected {what}, found an empty text");
        }

        return text ?? "";
    }

    public long? Size(string key, long least = 0)
    {
        const string What = "a size, such as 100M";
        return Number(key, What, ScenarioValues.TrySize, least, least > 1 ? $"at least {least >> 20}MiB" : least == 1 ? "more than 0" : "0 or more");
    }

    public long RequiredSize(string key, long least = 0)
    {
        Require(key, "a size, such as 100M");
        return Size(key, least) ?? Math.Max(0, least);
    }

    public long? Time(string key, long least = 0) => Number(key, "a time, such as 10s", ScenarioValues.TryTime, least, least > 1 ? $"at least {least / 1000}us" : least > 0 ? "more than 0" : "0 or more");

    public long RequiredTime(string key, long least = 0)
    {
        Require(key, "a time, such as 10s");
        return Time(key, least) ?? least;
    }

    public long? Rate(string key) => Number(key, "a rate, such as 500MiB/s", ScenarioValues.TryRate, 1, "more than 0");

    public long? Whole(string key, long least, long most)
    {
        if (Text(key, "a whole number") is not string text)
        {
            return null;
        }

        if (!long.TryParse(text.Trim(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long value))
        {
            bool tooLong = text.Trim().TrimStart('-', '+') is { Length: > 0 } digits && digits.All(char.IsAsciiDigit);
            Tell(key, tooLong
                ? $"{Quote.Text(text)} is out of range: expected {Range(least, most)}"
                : $"expected a whole number, found {Quote.Text(text)}");
            return null;
        }

        if (value < least || value > most)
        {
            Tell(key, $"{value} is out of range: expected {Range(least, most)}");
            return null;
        }

        return value;
    }

    public long RequiredWhole(string key, long least, long most)
    {
        Require(key, "a whole number");
        return Whole(key, least, most) ?? least;
    }

    public ulong? Unsigned(string key)
    {
        if (Text(key, "a whole number") is not string text)
        {
            return null;
        }

        if (ulong.TryParse(text.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out ulong value))
        {
            return value;
        }

        Tell(key, $"expected a whole number from 0 to {ulong.MaxValue}, found {Quote.Text(text)}");
        return null;
    }

    public double? Fraction(string key, double least, double most)
    {
        if (Text(key, "a number, such as 1.0") is not string text)
        {
            return null;
        }

        bool number = double.TryParse(text.Trim(), NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double value);
        if (number && value >= least && value <= most)
        {
            return value;
        }

        Tell(key, string.Create(CultureInfo.InvariantCulture, $"expected a number from {least} to {most}, found {Quote.Text(text)}"));
        return null;
    }

    public bool? Bool(string key) => Word(key, BoolWords);

    /// <summary>One of some words; null when it is absent or wrong.</summary>
    public T? Word<T>(string key, (string Word, T Value)[] words) where T : struct
    {
        string what = $"one of {string.Join(", ", words.Select(w => w.Word))}";
        if (Text(key, what) is not string text)
        {
            return null;
        }

        foreach ((string word, T value) in words)
        {
            if (string.Equals(word, text, StringComparison.Ordinal))
            {
                return value;
            }
        }

        string? nearest = Nearest.Of(text, words.Select(w => w.Word));
        string advice = nearest is null ? "" : $": did you mean '{nearest}'?";
        Tell(key, $"expected {what}, found {Quote.Text(text)}{advice}");
        return null;
    }

    /// <summary>The mapping below a key, or null. A bare value is taken for the short key where there is one.</summary>
    public MapReader? Map(string key)
    {
        Node? node = Node(key);
        return node is null or ScalarNode { IsNothing: true } ? null : Of(Problems, node, Below(key), _shape.Child(key) ?? Shape.Value, "keys and values");
    }

    public static MapReader? Of(Problems problems, Node node, string path, Shape shape, string what)
    {
        if (node is MapNode map)
        {
            return new MapReader(problems, map, path, shape);
        }

        if (node is ScalarNode scalar && shape.ShortKey is string shortKey)
        {
            MapNode spelledOut = new(scalar.Place);
            spelledOut.Put(shortKey, scalar);
            return new MapReader(problems, spelledOut, path, shape);
        }

        problems.Add(node.Place, path, $"expected {what}, found {node.Kind}");
        return null;
    }

    /// <summary>The items of the list below a key; none when it is absent or wrong.</summary>
    public IReadOnlyList<Node> List(string key, string what)
    {
        switch (Node(key))
        {
            case null or ScalarNode { IsNothing: true }:
                return [];
            case ListNode list:
                return list.Items;
            case Node other:
                Tell(key, $"expected a list of {what}, found {other.Kind}");
                return [];
        }
    }

    /// <summary>True when a key stands there in a spelling that was told already: then it is not missing as well.</summary>
    public bool IsMisspelled(string key) =>
        _map.Entries.Any(entry => _shape.Child(entry.Key) is null && Nearest.Of(entry.Key, _shape.Keys) == key);

    /// <summary>Tells when a key is missing.</summary>
    public bool Require(string key, string what)
    {
        if (Has(key))
        {
            return true;
        }

        if (_map.Find(key) is null)
        {
            if (!IsMisspelled(key))
            {
                Problems.Add(Place, Path, $"missing key '{key}': expected {what}");
            }
        }
        else if (!_shape.Child(key)!.IsMap && !_shape.Child(key)!.IsList)
        {
            return false; // Text tells that there is nothing
        }
        else
        {
            Tell(key, $"expected {what}, found nothing");
        }

        return false;
    }

    private delegate string? Parse(string text, out long value);

    private long? Number(string key, string what, Parse parse, long least, string range)
    {
        if (Text(key, what) is not string text)
        {
            return null;
        }

        string? reason = parse(text, out long value);
        if (reason is null && value < least)
        {
            reason = $"{Quote.Text(text)} is out of range: expected {range}";
        }

        if (reason is not null)
        {
            Tell(key, reason);
            return null;
        }

        return value;
    }

    private void TellUnknownKeys()
    {
        foreach (Entry entry in _map.Entries)
        {
            if (_shape.Child(entry.Key) is null)
            {
                string advice = _shape.Keys.Count == 0 ? ": none are taken here" : Nearest.Advice(entry.Key, _shape.Keys);
                Problems.Add(entry.Place, Below(entry.Key), $"unknown key {Quote.Text(entry.Key)}{advice}");
            }
        }
    }

    private static string Range(long least, long most) => most == long.MaxValue ? $"{least} or more" : $"{least} to {most}";
}
