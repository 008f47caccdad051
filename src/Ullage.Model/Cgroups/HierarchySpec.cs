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

    public static HierarchySpec V2 { get; } = new(["memory", "pids"], "");

    /// <summary>Reads one entry of <see cref="MachineOptions.V1Hierarchies"/>.</summary>
    /// <exception cref="ArgumentException">It says what is wrong.</exception>
    public static HierarchySpec Parse(string text)
    {
        if (text.StartsWith(NamePrefix, StringComparison.Ordinal) && text.Length > NamePrefix.Length && !text.Contains(',', StringComparison.Ordinal))
        {
            return new HierarchySpec([], text);
        }
        bool memory = false;
        bool pids = false;
        foreach (string name in text.Split(','))
        {
            if (name is not ("memory" or "pids") || (name == "memory" ? memory : pids))
            {
                throw new ArgumentException($"cgroup hierarchies: {text}: a hierarchy has memory, pids, both with a comma between, or name=WORD");
            }
            memory |= name == "memory";
            pids |= name == "pids";
        }
        ImmutableArray<string> controllers = memory && pids ? ["memory", "pids"] : [text];
        return new HierarchySpec(controllers, string.Join(',', controllers));
    }
}
