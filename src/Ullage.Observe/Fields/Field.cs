namespace Ullage.Observe.Fields;

/// <summary>What a field's number counts.</summary>
public enum FieldUnit
{
    /// <summary>Bytes, whatever unit the kernel's file has.</summary>
    Bytes,
    /// <summary>Events, pages, cgroups: plain numbers.</summary>
    Count,
    /// <summary>Microseconds.</summary>
    Microseconds,
    /// <summary>Hundredths of a percent: 219 is 2.19 %.</summary>
    CentiPercent,
    /// <summary>1 = yes, 0 = no.</summary>
    Flag,
}

/// <summary>How a field's number behaves over time.</summary>
public enum FieldKind
{
    /// <summary>Goes up and down.</summary>
    Gauge,
    /// <summary>Only grows, until its cgroup or the machine goes away: differences and rates mean something.</summary>
    Counter,
    /// <summary>Somebody has set it: <see cref="Sampling.Sample.Unlimited"/> is none.</summary>
    Limit,
}

/// <summary>Whom a field is about.</summary>
public enum FieldScope
{
    /// <summary>Each cgroup.</summary>
    Cgroup,
    /// <summary>The machine.</summary>
    Host,
}

/// <summary>Where a field stands: a file and what to look for in it. Several keys are added up; a kernel that has only some of them gives the sum of those.</summary>
/// <param name="File">A cgroup's file by its name, a file of the machine by its path.</param>
/// <param name="Keys">The names within the file; empty for a file that holds one value.</param>
public sealed record FieldSource(string File, IReadOnlyList<string> Keys)
{
    /// <summary>Reads <c>memory.stat:slab_reclaimable+slab_unreclaimable</c>.</summary>
    internal static FieldSource Parse(string text)
    {
        int colon = text.IndexOf(':', StringComparison.Ordinal);
        return colon < 0 ? new FieldSource(text, []) : new FieldSource(text[..colon], text[(colon + 1)..].Split('+'));
    }

    /// <summary>As in a reason: <c>memory.stat (anon)</c>.</summary>
    public override string ToString() => Keys.Count == 0 ? File : $"{File} ({string.Join(" + ", Keys)})";
}

/// <summary>A figure that a kernel gives, declared once: everything that reads, keeps, shows or exports it takes what it needs from here.</summary>
public sealed class Field
{
    internal Field(int index, string name, FieldScope scope, FieldUnit unit, FieldKind kind, string help)
    {
        Index = index;
        Name = name;
        Scope = scope;
        Unit = unit;
        Kind = kind;
        Help = help;
    }

    /// <summary>Its place within a row of a <see cref="Sampling.Sample"/>; not stable between versions of this program: store names.</summary>
    public int Index { get; }
    /// <summary>The name in machine formats and on command lines: the kernel's where it has one for both versions of cgroups.</summary>
    public string Name { get; }
    /// <summary>Of a cgroup, or of the machine.</summary>
    public FieldScope Scope { get; }
    /// <summary>The unit of its numbers.</summary>
    public FieldUnit Unit { get; }
    /// <summary>Gauge, counter or limit.</summary>
    public FieldKind Kind { get; }
    /// <summary>One sentence for people.</summary>
    public string Help { get; }
    /// <summary>Where it is with cgroup v1, or for a field of the machine; null when v1 does not have it: see <see cref="Lacking"/>.</summary>
    public FieldSource? V1 { get; internal init; }
    /// <summary>Where it is with cgroup v2, or for a field of the machine; null when v2 does not have it.</summary>
    public FieldSource? V2 { get; internal init; }
    /// <summary>Why one of the two versions lacks it, and where to look instead; empty when both have it.</summary>
    public string Lacking { get; internal init; } = "";

    /// <summary>Where it is with that version of cgroups.</summary>
    public FieldSource? SourceOf(int version) => version == 1 ? V1 : V2;

    /// <inheritdoc/>
    public override string ToString() => Name;
}
