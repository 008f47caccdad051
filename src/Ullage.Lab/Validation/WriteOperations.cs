using Ullage.Model.Cgroups;

namespace Ullage.Lab.Validation;

/// <summary>The operations of E14 by the name that the measurement gave them. Each gets a stage of its own and first does what came before it.</summary>
public static class WriteOperations
{
    private const string Tree = "/cgroup.subtree_control";

    private static readonly string[] Triggers =
    [
        "some 150000 1000000", "full 50000 1000000", "some 150000 1500000", "some 1500000 1000000", "some 100 400000", "abc", "some", "some 0 1000000",
        "some 150000 20000000", "full 150000 2000000", "",
    ];

    private static readonly IReadOnlyList<(string Name, Func<WriteStage, string> Play)> OfBoth =
    [
        ("mkdir existing", s => s.Mkdir("/a")),
        ("mkdir deep missing parent", s => s.Mkdir("/no/such")),
        ("mkdir newline", s => s.Mkdir("/x\ny")),
        ("mkdir 256 chars", s => s.Mkdir("/" + new string('n', 256))),
        ("mkdir 255 chars", s => s.Mkdir("/" + new string('n', 255))),
        ("rmdir 255", s => s.Mkdir("/" + new string('n', 255)) + s.Rmdir("/" + new string('n', 255)) == "okok" ? "ok" : "not made"),
        ("mkdir named memory.max", s => s.Mkdir("/a/memory.max")),
        ("mkdir cgroup.foo", s => s.Mkdir("/a/cgroup.foo")),
        ("rmdir cgroup.foo", s => s.Mkdir("/a/cgroup.foo") + s.Rmdir("/a/cgroup.foo") == "okok" ? "ok" : "not made"),
        ("mkdir memory.foo", s => s.Mkdir("/a/memory.foo")),
        ("rmdir memory.foo", s => s.Mkdir("/a/memory.foo") + s.Rmdir("/a/memory.foo") == "okok" ? "ok" : "not made"),
        ("rmdir with child", s => s.Rmdir("/a")),
        ("rmdir missing", s => s.Rmdir("/nothing")),
        ("create regular file", s => s.Create("/a/b/new")),
        ("open control file O_TRUNC", s => s.Open("/a/b/cgroup.procs")),
        ("rmdir with task", s => s.Rmdir("/a/b")),
        ("cgroup.procs read", s => s.Read("/a/b/cgroup.procs") == s.Pid ? "pid" : "other"),
        ("cgroup.procs write nonexistent pid", s => s.Write("/a/b/cgroup.procs", "4000000")),
        ("cgroup.procs write abc", s => s.Write("/a/b/cgroup.procs", "abc")),
        ("cgroup.procs write negative", s => s.Write("/a/b/cgroup.procs", "-1")),
        ("cgroup.procs write huge", s => s.Write("/a/b/cgroup.procs", "99999999999")),
        ("cgroup.procs write empty", s => s.Write("/a/b/cgroup.procs", "")),
        ("cgroup.procs write pid with newline", s => s.Write("/a/b/cgroup.procs", s.Pid + "\n")),
        ("cgroup.procs write pid with space", s => s.Write("/a/b/cgroup.procs", s.Pid + " ")),
        ("cgroup.procs write two pids", s => s.Write("/a/b/cgroup.procs", s.Pid + " " + s.Pid)),
        ("cgroup.procs write kthreadd(2)", s => s.Write("/a/b/cgroup.procs", "2")),
        ("procs with zombie (unreaped)", s => s.MakeZombie() is { } z && s.Read(z.Path + "/cgroup.procs").Length > 0 ? "true" : "false"),
        ("rmdir with zombie", s => s.MakeZombie() is { } z ? s.Rmdir(z.Path) : "no zombie"),
    ];

    private static readonly IReadOnlyList<(string Name, Func<WriteStage, string> Play)> OfV1 =
    [
        ("tasks write nonexistent", s => s.Write("/a/b/tasks", "4000000")),
        ("tasks write abc", s => s.Write("/a/b/tasks", "abc")),
        ("cgroup.event_control write garbage", s => s.Write("/a/b/cgroup.event_control", "garbage")),
        ("cgroup.event_control write bad fd", s => s.Write("/a/b/cgroup.event_control", "999 998")),
        ("cgroup.event_control write empty", s => s.Write("/a/b/cgroup.event_control", "")),
        ("memory.force_empty with task", s => s.Write("/a/b/memory.force_empty", "0")),
        ("use_hierarchy 0 under hierarchical parent", s => s.Write("/a/b/memory.use_hierarchy", "0")),
        ("limit below usage (4M anon, no swap) 1M", s => s.Write("/a/b/memory.limit_in_bytes", "1M")),
        ("limit after", s => s.Write("/a/b/memory.limit_in_bytes", "1M") == "ok" ? "taken" : s.Read("/a/b/memory.limit_in_bytes")),
        ("memsw.limit < limit: set limit 64M", s => s.Write("/a/b/memory.limit_in_bytes", "64M")),
        ("memsw 32M", s => Memsw(s, 0)),
        ("memsw 64M", s => Memsw(s, 1)),
        ("limit 128M > memsw 64M", s => Memsw(s, 2)),
        ("root limit write", s => s.Write("/memory.limit_in_bytes", "1M")),
        ("root swappiness read", s => s.Read("/memory.swappiness")),
        ("kmem limit on populated cgroup 64M", s => s.Write("/a/b/memory.kmem.limit_in_bytes", "64M")),
        ("kmem.limit readback", s => s.Write("/a/b/memory.kmem.limit_in_bytes", "64M") == "ok" ? s.Read("/a/b/memory.kmem.limit_in_bytes") : "refused"),
        ("kmem limit on empty cgroup 64M", s => s.Write("/a/memory.kmem.limit_in_bytes", "64M")),
        ("kmem readback empty", s => s.Write("/a/memory.kmem.limit_in_bytes", "64M") == "ok" ? s.Read("/a/memory.kmem.limit_in_bytes") : "refused"),
        ("kmem limit -1", s => s.Write("/a/memory.kmem.limit_in_bytes", "-1")),
    ];

    private static readonly IReadOnlyList<(string Name, Func<WriteStage, string> Play)> OfV2 =
    [
        ("root has memory.max", s => s.Has("", "memory.max")),
        ("root memory files", s => string.Join(' ', s.Machine.Files.List(s.Mount).Names
            .Where(name => name.StartsWith("memory.", StringComparison.Ordinal)).Order(StringComparer.Ordinal))),
        ("subtree_control +memory while populated", s => s.Write("/a/b" + Tree, "+memory")),
        ("procs into parent with subtree_control", s => s.Write("/a/cgroup.procs", s.Pid)),
        ("P.subtree_control '+foo'", s => Subtree(s, 1)),
        ("P.subtree_control 'memory'", s => Subtree(s, 2)),
        ("P.subtree_control '-memory'", s => Subtree(s, 3)),
        ("P.subtree_control '+memory'", s => Subtree(s, 4)),
        ("P.subtree_control '++memory'", s => Subtree(s, 5)),
        ("P.subtree_control '+memory -memory'", s => Subtree(s, 6)),
        ("P.subtree_control ''", s => Subtree(s, 7)),
        ("P.subtree_control '+io'", s => Subtree(s, 8)),
        ("P.subtree_control '+cpu'", s => Subtree(s, 9)),
        ("new child controllers", s => s.Read("/a/b/cgroup.controllers")),
        ("child of cgroup w/o subtree_control has memory.max", s => s.Mkdir("/c") + s.Mkdir("/c/k") == "okok" ? s.Has("/c/k", "memory.max") : "not made"),
        ("+memory in grandchild w/o parent", s => Grandchild(s, 0)),
        ("+memory c2", s => Grandchild(s, 1)),
        ("+memory k", s => Grandchild(s, 2)),
        ("-memory c2 while k enabled", s => Grandchild(s, 3)),
        ("mkdir within max.descendants", s => s.Mkdir("/d") + s.Write("/d/cgroup.max.descendants", "1") == "okok" ? s.Mkdir("/d/1") : "not made"),
        ("mkdir over max.descendants", s => s.Mkdir("/d") + s.Write("/d/cgroup.max.descendants", "1") + s.Mkdir("/d/1") == "okokok" ? s.Mkdir("/d/2") : "not made"),
        ("mkdir over max.depth", s => s.Mkdir("/d") + s.Write("/d/cgroup.max.depth", "1") + s.Mkdir("/d/1") == "okokok" ? s.Mkdir("/d/1/2") : "not made"),
        ("cgroup.type threaded", s => Pair(s, "/a/b/cgroup.type", "threaded")),
        ("cgroup.type domain", s => Pair(s, "/a/b/cgroup.type", "domain")),
        ("cgroup.type abc", s => Pair(s, "/a/b/cgroup.type", "abc")),
        ("memory.reclaim 1M anon no swap", s => s.Write("/a/b/memory.reclaim", "1M")),
        ("memory.reclaim 0", s => s.Write("/a/b/memory.reclaim", "0")),
        ("memory.reclaim abc", s => s.Write("/a/b/memory.reclaim", "abc")),
        ("memory.reclaim 1M swappiness=0", s => s.Write("/a/b/memory.reclaim", "1M swappiness=0")),
        ("memory.reclaim 1M swappiness=500", s => s.Write("/a/b/memory.reclaim", "1M swappiness=500")),
        ("memory.high below usage 1M", s => s.Write("/a/b/memory.high", "1M")),
        ("memory.max below usage 1M", s => s.Write("/a/b/memory.max", "1M")),
        ("task alive after memory.max below usage", s => s.Write("/a/b/memory.max", "1M") == "ok" && s.Task.Signal.OomKilled ? "false" : "true"),
        .. Triggers.Select(text => ($"memory.pressure write '{text}'", (Func<WriteStage, string>)(s => s.Write("/a/b/memory.pressure", text)))),
    ];

    /// <summary>Operations on a v1 hierarchy.</summary>
    public static IReadOnlyDictionary<string, Func<WriteStage, string>> V1 { get; } = OfBoth.Concat(OfV1).ToDictionary(operation => operation.Name, operation => operation.Play);

    /// <summary>Operations on a v2 hierarchy.</summary>
    public static IReadOnlyDictionary<string, Func<WriteStage, string>> V2 { get; } = OfBoth.Concat(OfV2).ToDictionary(operation => operation.Name, operation => operation.Play);

    /// <summary>memory.limit 64M, then memsw 32M, memsw 64M, memory.limit 128M: the last answer.</summary>
    private static string Memsw(WriteStage s, int last)
    {
        (string File, string Text)[] writes = [("memory.memsw.limit_in_bytes", "32M"), ("memory.memsw.limit_in_bytes", "64M"), ("memory.limit_in_bytes", "128M")];
        string answer = s.Write("/a/b/memory.limit_in_bytes", "64M");
        for (int i = 0; i <= last; i++)
        {
            answer = s.Write("/a/b/" + writes[i].File, writes[i].Text);
        }
        return answer;
    }

    private static string Pair(WriteStage s, string path, string text) => (s.Write(path, text) + " " + s.Read(path)).TrimEnd();

    /// <summary>The writes to the parent's subtree_control in the order in which they were made.</summary>
    private static string Subtree(WriteStage s, int count)
    {
        string[] texts = ["+foo", "memory", "-memory", "+memory", "++memory", "+memory -memory", "", "+io", "+cpu"];
        string answer = "";
        foreach (string text in texts.Take(count))
        {
            answer = Pair(s, "/a" + Tree, text);
        }
        return answer;
    }

    /// <summary>c2 with child k: enabled from below, in order, and taken back from above.</summary>
    private static string Grandchild(WriteStage s, int last)
    {
        s.Mkdir("/c2");
        s.Mkdir("/c2/k");
        (string Path, string Text)[] writes = [("/c2/k", "+memory"), ("/c2", "+memory"), ("/c2/k", "+memory"), ("/c2", "-memory")];
        string answer = "";
        foreach ((string path, string text) in writes.Take(last + 1))
        {
            answer = s.Write(path + Tree, text);
        }
        return answer;
    }
}
