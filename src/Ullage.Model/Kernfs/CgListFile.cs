using System.Globalization;
using System.Text;
using Ullage.Model.Cgroups;

namespace Ullage.Model.Kernfs;

/// <summary>
/// /proc/&lt;pid&gt;/cg_list: the task's css_set and every cgroup in it. No kernel has this file; it is the exercise of an article on adding one,
/// done here, and an example of <see cref="ProcPidFiles.Register"/>.
/// </summary>
public static class CgListFile
{
    /// <summary>The file, to be registered.</summary>
    public static ProcPidFile File { get; } = new("cg_list", Show);

    private static string Show(Machine machine, TaskStruct task)
    {
        CssSet set = task.CssSet;
        StringBuilder text = new();
        text.Append(CultureInfo.InvariantCulture, $"css_set {set.Number} refcount {set.References} tasks {set.Tasks.Count}\n");
        foreach (Cgroup cgroup in set.Cgroups)
        {
            string state = cgroup.Online ? "" : " (deleted)";
            text.Append(CultureInfo.InvariantCulture, $"{cgroup.Hierarchy.Label}:{cgroup.Path} serial {cgroup.Serial} tasks {cgroup.Tasks.Count}{state}\n");
        }
        return text.ToString();
    }
}
