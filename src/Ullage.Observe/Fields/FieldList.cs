using System.Diagnostics.CodeAnalysis;

namespace Ullage.Observe.Fields;

/// <summary>All fields of one scope, in their order.</summary>
public sealed class FieldList(FieldScope scope)
{
    private readonly List<Field> _fields = [];
    private readonly Dictionary<string, Field> _byName = new(StringComparer.Ordinal);

    /// <summary>The fields; a field's <see cref="Field.Index"/> is its place.</summary>
    public IReadOnlyList<Field> All => _fields;

    /// <summary>How many there are: the length of a row.</summary>
    public int Count => _fields.Count;

    /// <summary>The field of that name.</summary>
    public bool TryGet(string name, [NotNullWhen(true)] out Field? field) => _byName.TryGetValue(name, out field);

    /// <summary>The field of that name; null when there is none.</summary>
    public Field? this[string name] => _byName.GetValueOrDefault(name);

    /// <summary>A cgroup's field. A source is <c>file</c>, or <c>file:key+key</c>; null = that version does not have it, and <paramref name="lacking"/> says why.</summary>
    internal Field Add(string name, FieldUnit unit, FieldKind kind, string? v1, string? v2, string help, string lacking = "") =>
        Keep(new Field(_fields.Count, name, scope, unit, kind, help)
        {
            V1 = v1 is null ? null : FieldSource.Parse(v1),
            V2 = v2 is null ? null : FieldSource.Parse(v2),
            Lacking = lacking,
        });

    /// <summary>A field of the machine.</summary>
    internal Field Add(string name, FieldUnit unit, FieldKind kind, string source, string help) => Add(name, unit, kind, source, source, help);

    private Field Keep(Field field)
    {
        _fields.Add(field);
        _byName.Add(field.Name, field);
        return field;
    }
}
