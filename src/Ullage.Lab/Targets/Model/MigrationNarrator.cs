using System.Globalization;
using Ullage.Abi;
using Ullage.Lab.Results;
using Ullage.Model.Cgroups;

namespace Ullage.Lab.Targets.Model;

/// <summary>Tells a migration in the kernel's own words: a line for each phase, under the name of the function that carries it out.</summary>
internal static class MigrationNarrator
{
    public static NarrationLine Tell(MigrationEvent happened) => new(happened.TimeNs, happened.Phase == MigrationPhase.Begin ? Text(happened) : "  " + Text(happened));

    private static string Text(MigrationEvent e) => e.Phase switch
    {
        MigrationPhase.Begin => $"cgroup_attach_task: {e.Task}{More(e.Tasks - 1)} to {Path(e)}",
        MigrationPhase.Source => $"cgroup_migrate_add_src: leaves {e.From}, {Tasks(e.Tasks)} there",
        MigrationPhase.Skipped => $"cgroup_migrate_add_task: {e.Task} is exiting: it stays",
        MigrationPhase.Destination => $"cgroup_migrate_prepare_dst: {Number(e.From)} -> {e.To}, {(e.IsNew ? "made for this" : "found")}",
        MigrationPhase.Same => $"cgroup_migrate_prepare_dst: {Number(e.From)} -> itself: nothing to do",
        MigrationPhase.CanAttach => $"can_attach {e.Controller!.Name}: {(e.Errno == Errno.None ? "yes" : e.Errno.ToString())}{Note(e)}",
        MigrationPhase.CancelAttach => $"cancel_attach {e.Controller!.Name}: took it back",
        MigrationPhase.Commit => $"cgroup_migrate_execute: commit, {Tasks(e.Tasks)}: from here on nothing can fail",
        MigrationPhase.Moved => $"cgroup_task_migrate: {e.Task} {Number(e.From)} -> {Number(e.To)}",
        MigrationPhase.Attach => $"attach {e.Controller!.Name}{Note(e)}",
        MigrationPhase.PostAttach => $"post_attach {e.Controller!.Name}{Note(e)}",
        _ => e.Errno == Errno.None ? "cgroup_migrate_finish: done" : $"cgroup_migrate_finish: {e.Errno}: every task, count and charge is as before",
    };

    private static string Path(MigrationEvent e) => e.Destination!.Hierarchy.Label is var label && label == "v2" ? e.Destination.Path : label + ":" + e.Destination.Path;

    private static string Number(CssSet? set) => string.Create(CultureInfo.InvariantCulture, $"css_set {set!.Number}");

    private static string More(int count) => count <= 0 ? "" : string.Create(CultureInfo.InvariantCulture, $" and {count} more {(count == 1 ? "thread" : "threads")}");

    private static string Tasks(int count) => string.Create(CultureInfo.InvariantCulture, $"{count} {(count == 1 ? "task" : "tasks")}");

    private static string Note(MigrationEvent e) => e.Note is null ? "" : ": " + e.Note;
}
