namespace Ullage.Lab.Scenarios.Reading;

/// <summary>What may stand at one place of a scenario: the one table from which reading, overrides and suggestions take the known keys.</summary>
internal sealed class Shape
{
    /// <summary>A single value.</summary>
    public static readonly Shape Value = new();

    private Shape()
    {
    }

    /// <summary>The known keys, in the order of the documentation; empty when keys are free.</summary>
    public IReadOnlyList<string> Keys { get; private init; } = [];

    /// <summary>True for a mapping (with known or free keys).</summary>
    public bool IsMap { get; private init; }

    /// <summary>True for a list.</summary>
    public bool IsList { get; private init; }

    /// <summary>True for one step of a process, whose only key is the operation.</summary>
    public bool IsOperation { get; private init; }

    /// <summary>What the items of a list, or the values of free keys, are.</summary>
    public Shape? Element { get; private init; }

    /// <summary>What free keys name (<c>cgroup</c>); an override may change only those that exist. Null: the kernel's own names, any will do.</summary>
    public string? Names { get; private init; }

    /// <summary>The key that a bare value stands for (<c>grow: 100M</c>); null when a mapping is needed.</summary>
    public string? ShortKey { get; private init; }

    private Dictionary<string, Shape> Children { get; init; } = new(StringComparer.Ordinal);

    /// <summary>The shape below a key; null when the key is unknown.</summary>
    public Shape? Child(string key) => Children.TryGetValue(key, out Shape? child) ? child : Element;

    /// <summary>A mapping with known keys.</summary>
    public static Shape Map(params (string Key, Shape Shape)[] keys) => Map(null, keys);

    /// <summary>A mapping with known keys, one of which a bare value stands for.</summary>
    public static Shape Map(string? shortKey, (string Key, Shape Shape)[] keys) => new()
    {
        IsMap = true,
        ShortKey = shortKey,
        Keys = [.. keys.Select(k => k.Key)],
        Children = keys.ToDictionary(k => k.Key, k => k.Shape, StringComparer.Ordinal),
    };

    /// <summary>A mapping with free keys, and perhaps some known ones.</summary>
    public static Shape Free(Shape element, string? names = null, params (string Key, Shape Shape)[] keys) => new()
    {
        IsMap = true,
        Element = element,
        Names = names,
        Keys = [.. keys.Select(k => k.Key)],
        Children = keys.ToDictionary(k => k.Key, k => k.Shape, StringComparer.Ordinal),
    };

    /// <summary>A list; <paramref name="names"/> says what its items are.</summary>
    public static Shape List(Shape element, string names) => new() { IsList = true, Element = element, Names = names };

    /// <summary>One step: a mapping with one of these keys. Filled by <see cref="OperationShapes"/>, because steps contain steps.</summary>
    public static Shape Operation(IReadOnlyList<string> words, Dictionary<string, Shape> shapes) => new()
    {
        IsMap = true,
        IsOperation = true,
        Keys = words,
        Children = shapes,
    };
}
