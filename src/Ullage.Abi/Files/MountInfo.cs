using Ullage.Abi.Text;

namespace Ullage.Abi.Files;

/// <summary>One mount. Paths keep the kernel's escapes (<c>\040</c> is a blank); the properties without <c>Raw</c> have them resolved.</summary>
/// <param name="Id">Number of the mount.</param>
/// <param name="Parent">Number of the mount it sits on.</param>
/// <param name="Device">Major and minor number, <c>0:29</c>.</param>
/// <param name="RawRoot">Which directory of the file system is mounted.</param>
/// <param name="RawMountPoint">Where it is mounted, seen from the reader's root.</param>
/// <param name="Options">Options of this mount, with commas.</param>
/// <param name="Optional">Tags such as <c>shared:5</c>; often none.</param>
/// <param name="FileSystem">Type, such as <c>cgroup2</c>.</param>
/// <param name="RawSource">What was mounted; may be empty.</param>
/// <param name="SuperOptions">Options of the file system, with commas; a v1 cgroup mount names its controllers here.</param>
public sealed record MountInfoEntry(
    int Id, int Parent, string Device, string RawRoot, string RawMountPoint, string Options,
    ValueList<string> Optional, string FileSystem, string RawSource, string SuperOptions)
{
    /// <summary>Which directory of the file system is mounted.</summary>
    public string Root => OctalEscapes.Decode(RawRoot);

    /// <summary>Where it is mounted.</summary>
    public string MountPoint => OctalEscapes.Decode(RawMountPoint);

    /// <summary>What was mounted.</summary>
    public string Source => OctalEscapes.Decode(RawSource);

    /// <summary>True for a v2 hierarchy.</summary>
    public bool IsCgroup2 => FileSystem == "cgroup2";

    /// <summary>True for a v1 hierarchy that has that controller.</summary>
    public bool IsCgroup1With(string controller) => FileSystem == "cgroup" && HasSuperOption(controller);

    /// <summary>Whether the file system has that option, such as <c>memory</c> or <c>nsdelegate</c>.</summary>
    public bool HasSuperOption(string option)
    {
        foreach (Range part in SuperOptions.AsSpan().Split(','))
        {
            if (SuperOptions.AsSpan(part).SequenceEqual(option))
                return true;
        }
        return false;
    }
}

/// <summary>/proc/PID/mountinfo.</summary>
/// <param name="Entries">The mounts, in the kernel's order; a later one hides an earlier one on the same place.</param>
public sealed record MountInfo(ValueList<MountInfoEntry> Entries) : IKernelText<MountInfo>
{
    /// <inheritdoc/>
    public static bool TryParse(ReadOnlySpan<char> text, [NotNullWhen(true)] out MountInfo? value, out ParseProblem problem)
    {
        KernelLines lines = new(text);
        value = lines.TryRows(ParseLine, out ValueList<MountInfoEntry>? rows, out problem) ? new(rows) : null;
        return value is not null;
    }

    /// <inheritdoc/>
    public string Format()
    {
        StringBuilder text = new(Entries.Count * 80);
        foreach (MountInfoEntry mount in Entries)
        {
            text.Append(CultureInfo.InvariantCulture, $"{mount.Id} {mount.Parent} {mount.Device} {mount.RawRoot} {mount.RawMountPoint} {mount.Options} ");
            foreach (string tag in mount.Optional)
                text.Append(tag).Append(' ');
            text.Append("- ").Append(mount.FileSystem).Append(' ').Append(mount.RawSource).Append(' ').Append(mount.SuperOptions).Append('\n');
        }
        return text.ToString();
    }

    private static bool ParseLine(ReadOnlySpan<char> line, [NotNullWhen(true)] out MountInfoEntry? row, out string expected)
    {
        LineCursor cursor = new(line);
        ReadOnlySpan<char> device = default, root = default, point = default, options = default, type = default, source = default;
        int parent = 0;
        bool ok = cursor.TakeInt(out int id) && cursor.Take(' ')
            && cursor.TakeInt(out parent) && cursor.Take(' ')
            && cursor.TakeUntil(' ', out device) && IsDevice(device)
            && cursor.TakeUntil(' ', out root)
            && cursor.TakeUntil(' ', out point)
            && cursor.TakeUntil(' ', out options);
        List<string> tags = [];
        bool separator = false;
        while (ok && !separator)
        {
            ok = cursor.TakeUntil(' ', out ReadOnlySpan<char> tag) && !tag.IsEmpty;
            separator = tag is "-";
            if (ok && !separator)
                tags.Add(tag.ToString());
        }
        ok = ok && cursor.TakeUntil(' ', out type) && cursor.TakeUntil(' ', out source);
        row = !ok ? null : new(
            id, parent, device.ToString(), root.ToString(), point.ToString(), options.ToString(),
            ValueList.From(tags), type.ToString(), source.ToString(), cursor.Rest.ToString());
        expected = "'id parent major:minor root mountpoint options [tags] - type source options'";
        return ok;
    }

    private static bool IsDevice(ReadOnlySpan<char> text)
    {
        LineCursor cursor = new(text);
        return cursor.TakeInt(out _) && cursor.Take(':') && cursor.TakeInt(out _) && cursor.AtEnd;
    }
}
