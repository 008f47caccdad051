using System.Collections.Immutable;
using Ullage.Abi;

namespace Ullage.Model.Cgroups;

/// <summary>What one mounted hierarchy has: controllers, or a name.</summary>
/// <param name="Controllers">Its controllers in the order of their ids.</param>
/// <param name="Label">How /proc/&lt;pid&gt;/cgroup calls it: <c>memory,pids</c>, <c>name=systemd</c>; empty on v2.</param>
[Kernel("struct cgroup_root", "include/linux/cgroup-defs.h")]
internal sealed record HierarchySpec(ImmutableArray<string> Controllers, string Label)
{
    private const string NamePrefix = "name=";

    private static readonly ImmutableArray<string> Known = ["cpuset", "memory", "pids"];

    public static HierarchySpec V2 { get; } = new(Known, "");

    /// <summary>Reads one entry of <see cref="MachineOptions.V1Hierarchies"/>.</summary>
    /// <exception cref="ArgumentException">It says what is wrong.</exception>
    public static HierarchySpec Parse(string text)
    {
        if (text.StartsWith(NamePrefix, StringComparison.Ordinal) && text.Length > NamePrefix.Length && !text.Contains(',', StringComparison.Ordinal))
        {
            return new HierarchySpec([], text);
        }
        string[] names = text.Split(',');
        foreach (string name in names)
        {
            if (!Known.Contains(name) || Array.IndexOf(names, name) != Array.LastIndexOf(names, name))
            {
                throw new ArgumentException($"cgroup hierarchies: {text}: a hierarchy has memory, pids, cpuset, several of them with commas between, or name=WORD");
            }
        }
        ImmutableArray<string> controllers = Known.RemoveAll(name => Array.IndexOf(names, name) < 0);
        return new HierarchySpec(controllers, string.Join(',', controllers));
    }
}
