namespace Ullage.Lab.Scenarios.Reading;

/// <summary>Reads the arguments of one operation. A list of words and defaults: the first word of a choice is the default (docs/scenarios.md).</summary>
internal sealed class OperationArguments(OperationReader reader, MapReader map, ProcessScope scope, int depth)
{
    private const long DefaultChunk = 1L << 20;
    private const int LongestPrefix = 230;

    public Operation Read(string word) => word switch
    {
        "grow" => new GrowOperation(map.RequiredSize("bytes"), map.Size("chunk", 1) ?? DefaultChunk, map.Rate("rate")),
        "mmap" => Mmap(),
        "touch" => new TouchOperation(Region(), Pattern(), map.Bool("write") ?? true),
        "munmap" => new MunmapOperation(Region(), map.Size("bytes")),
        "mremap" => new MremapOperation(Region(), map.RequiredSize("bytes")),
        "mprotect" => Mprotect(),
        "madvise" => Madvise(),
        "brk" => new BrkOperation(map.RequiredSize("bytes", long.MinValue)),
        "malloc" => Malloc(),
        "free" => new FreeOperation(Allocation()),
        "read" => ReadFile(),
        "write" => Write(),
        "stat_missing" => StatMissing(),
        "create_files" => CreateFiles(),
        "unlink_files" => new UnlinkFilesOperation(Directory(), map.RequiredWhole("count", 0, long.MaxValue)),
        _ => ReadProcessWord(word),
    };

    private Operation ReadProcessWord(string word) => word switch
    {
        "fork" => Fork(),
        "wait" => new WaitOperation(),
        "repeat" => Repeat(),
        "interleave" => Interleave(),
        "exec" => Exec(),
        "sleep" => new SleepOperation(map.RequiredTime("duration")),
        "pause" => new PauseOperation(),
        "echo" => new EchoOperation(AbsolutePath("file", "the path of a control file"), Value()) { NonBlocking = map.Bool("nonblock") ?? false },
        "sock" => new SockOperation(map.RequiredSize("bytes")),
        "mkdir" => Mkdir(),
        "rmdir" => new RmdirOperation(Cgroup("path")),
        "move" => new MoveOperation(Process(), Cgroup("to"), map.Bool("thread") ?? false),
        "kill" => Kill(),
        "exit" => new ExitOperation((int)map.RequiredWhole("status", 0, 255)),
        _ => throw new InvalidOperationException($"operation '{word}' has a shape but no reader"),
    };

    private MmapOperation Mmap()
    {
        string region = map.RequiredText("region", "a name for the region");
        MapKind kind = map.Word("kind", Words.MapKinds) ?? MapKind.Anon;
        string? file = kind == MapKind.File ? File() : null;
        if (kind != MapKind.File && map.Has("file"))
        {
            map.Tell("file", "only a mapping of a file has one: add 'kind: file' or remove this key");
        }

        scope.AddRegion(region);
        return new MmapOperation(region, map.RequiredSize("bytes"))
        {
            Kind = kind,
            File = file,
            Protection = map.Word("prot", Words.Protections) ?? MapProtection.Rw,
            NoReserve = map.Bool("noreserve") ?? false,
            Populate = map.Bool("populate") ?? false,
        };
    }

    private MprotectOperation Mprotect()
    {
        map.Require("prot", "one of rw, r, none");
        return new MprotectOperation(Region(), map.Word("prot", Words.Protections) ?? MapProtection.Rw);
    }

    private MadviseOperation Madvise()
    {
        map.Require("advice", "an advice, such as dontneed");
        return new MadviseOperation(Region(), Words.OneOf(map, "advice", Words.MemoryAdvice) ?? "");
    }

    private MallocOperation Malloc()
    {
        string name = map.Text("name", "a name for the allocation") ?? "";
        scope.AddAllocation(name);
        return new MallocOperation(map.RequiredSize("bytes"), map.Whole("count", 0, long.MaxValue) ?? 1, map.Bool("touch") ?? true, name);
    }

    private ReadOperation ReadFile() => new(File(), Pattern())
    {
        ViaMmap = map.Word("via", Words.Via) ?? false,
        Advice = Words.OneOf(map, "advice", Words.ReadAdvice) ?? "normal",
    };

    private WriteOperation Write()
    {
        string file = AbsolutePath("file", "the path of a file");
        reader.References.AddFile(file);
        return new WriteOperation(file, map.RequiredSize("bytes"), Pattern(), map.Bool("fsync") ?? false);
    }

    private StatMissingOperation StatMissing()
    {
        string prefix = map.Text("prefix", "what the names begin with") ?? "";
        if (prefix.Contains('/') || System.Text.Encoding.UTF8.GetByteCount(prefix) > LongestPrefix)
        {
            map.Tell("prefix", $"names have no slash and at most 255 bytes: use at most {LongestPrefix} bytes without a slash, the number follows");
        }
        return new StatMissingOperation(Directory(), map.RequiredWhole("count", 0, long.MaxValue), map.Whole("start", 0, long.MaxValue) ?? 1) { Prefix = prefix };
    }

    private CreateFilesOperation CreateFiles()
    {
        string directory = Directory();
        reader.References.AddFilesIn(directory);
        return new CreateFilesOperation(directory, map.RequiredWhole("count", 0, long.MaxValue), map.Size("bytes") ?? 0);
    }

    private ForkOperation Fork()
    {
        string name = NewProcessName.Read(map);
        string? cgroup = map.Has("cgroup") ? Cgroup("cgroup") : null;
        map.Require("do", "the child's list of operations");
        IReadOnlyList<Node> items = map.List("do", "operations");
        IReadOnlyList<Operation> steps = reader.ReadList(items, map.Below("do"), scope.Fork(), depth);
        if (name.Length > 0)
        {
            reader.References.AddProcess(name, 1, NewProcessName.FixedSteps(items));
        }

        return new ForkOperation(name, cgroup, steps);
    }

    private RepeatOperation Repeat()
    {
        if (depth >= Placeholder.MostDepth)
        {
            map.Problems.Add(map.Place, map.Path, "repeats may be nested three deep: the rounds have the names {i}, {j} and {k}");
        }

        map.Require("do", "a list of operations");
        int around = map.Node("times") is ScalarNode { Text: { Length: Placeholder.Length } text } ? Placeholder.At(text, 0) : -1;
        int times = around >= 0 ? 0 : (int)map.RequiredWhole("times", 0, int.MaxValue);
        IReadOnlyList<Operation> steps = reader.ReadList(map.List("do", "operations"), map.Below("do"), scope, depth + 1);
        return new RepeatOperation(times, steps) { Depth = Math.Min(depth, Placeholder.MostDepth - 1), TimesOfDepth = around >= 0 ? around : null };
    }

    private InterleaveOperation Interleave()
    {
        map.Require("of", "a list of operations");
        long count = map.RequiredWhole("count", 0, long.MaxValue);
        IReadOnlyList<Node> items = map.List("of", "operations");
        reader.JudgeInterleaved(items, map.Below("of"));
        return new InterleaveOperation(count, reader.ReadList(items, map.Below("of"), scope, depth));
    }

    private ExecOperation Exec()
    {
        scope.Exec();
        return new ExecOperation(map.RequiredText("name", "the program's name"));
    }

    private MkdirOperation Mkdir()
    {
        string path = CgroupPath.Read(map, "path");
        reader.References.AddCgroup(path);
        return new MkdirOperation(path);
    }

    private KillOperation Kill()
    {
        map.Require("signal", "a signal, such as SIGKILL");
        return new KillOperation(Process(), Words.Signal(map, "signal") ?? "");
    }

    private PatternSpec Pattern()
    {
        AccessPattern pattern = map.Word("pattern", Words.Patterns) ?? AccessPattern.Sequential;
        if (pattern == AccessPattern.Sequential && map.Has("passes"))
        {
            map.Tell("passes", "a sequential access goes through once: say 'pattern: loop' for more passes");
        }

        int around = map.Node("seed") is ScalarNode { Text: { Length: Placeholder.Length } text } ? Placeholder.At(text, 0) : -1;
        return new PatternSpec
        {
            SeedOfDepth = around >= 0 ? around : null,
            Pattern = pattern,
            Alpha = map.Fraction("alpha", 0, 10) ?? 1.0,
            Passes = (int?)map.Whole("passes", 1, int.MaxValue),
            Count = map.Whole("count", 0, long.MaxValue),
            Seed = around >= 0 ? null : map.Unsigned("seed"),
        };
    }

    private string Region()
    {
        string region = map.RequiredText("region", "the name of a region");
        if (scope.JudgeRegion(region) is string message)
        {
            map.Tell("region", message);
        }

        return region;
    }

    private string Allocation()
    {
        string name = map.RequiredText("name", "the name that a malloc gave");
        if (scope.JudgeAllocation(name) is string message)
        {
            map.Tell("name", message);
        }

        return name;
    }

    private string File()
    {
        string file = AbsolutePath("file", "the path of a file");
        bool meantToBeMissing = map.Node("expect_errno") is ScalarNode { Text: "ENOENT" };
        if (!meantToBeMissing)
        {
            reader.References.UseFile(map.PlaceOf("file"), map.Below("file"), file);
        }

        return file;
    }

    private string Directory() => AbsolutePath("dir", "the path of a directory");

    private string AbsolutePath(string key, string what) => AbsolutePaths.Required(map, key, what);

    private string Value()
    {
        map.Require("value", "the text to write");
        return map.Text("value", "the text to write") ?? "";
    }

    private string Process()
    {
        string process = map.RequiredText("process", "self or the name of a process");
        if (process != "self")
        {
            reader.References.UseProcess(map.PlaceOf("process"), map.Below("process"), process);
        }

        return process;
    }

    private string Cgroup(string key)
    {
        string cgroup = CgroupPath.Read(map, key);
        reader.References.UseCgroup(map.PlaceOf(key), map.Below(key), cgroup);
        return cgroup;
    }
}
