using Ullage.Abi;
using Ullage.Lab.Results;
using Ullage.Lab.Scenarios;

namespace Ullage.Lab.Tests.Results;

public sealed class ExpectationsTests
{
    private const string Slabinfo =
        "slabinfo - version: 2.1\n# name            <active_objs> <num_objs> <objsize> <objperslab> <pagesperslab> : tunables <limit> <batchcount> <sharedfactor> : slabdata <active_slabs> <num_slabs> <sharedavail>\n"
        + "dentry            535227 535228    192   21    1 : tunables    0    0    0 : slabdata  25486  25487      5\n";

    private static readonly RunResult Result = new()
    {
        Scenario = "s",
        Target = "model",
        Kernel = "4.15",
        Ended = "stopped",
        Processes =
        [
            new ProcessResult { Name = "perl", State = "exited", ExitCode = 2, Steps = [Step("stat_missing", 10, 5, Errno.ENOMEM)] },
            new ProcessResult { Name = "leak", State = "killed", Signal = "SIGKILL", OomKilled = true, Steps = [Step("sleep", 1, 1), Step("grow", 100, 60)] },
            new ProcessResult { Name = "wait", State = "running", Steps = [Step("pause", 1, 0)] },
            new ProcessResult { Name = "early", State = "killed", Signal = "SIGTERM" },
            new ProcessResult { Name = "job-1", Pid = 11, State = "exited", ExitCode = 0 },
            new ProcessResult { Name = "job-2", Pid = 12, State = "exited", ExitCode = 1 },
        ],
        Files =
        [
            new("/f/memory.failcnt", "42\n"), new("/f/memory.events", "low 0\noom 1\noom_kill 2\n"), new("/f/slabinfo", Slabinfo), new("/g/slabinfo", ""),
            new("/f/meminfo", "MemTotal:        2048 kB\nMemFree:         1024 kB\n"),
            new("/f/memory.pressure", "some avg10=1.50 avg60=0.00 avg300=0.00 total=7\nfull avg10=0.25 avg60=0.00 avg300=0.00 total=3\n"), new("/f/memory.max", "max\n"),
        ],
        UnavailableFiles = [new("/f/gone", Errno.ENOENT)],
        Dmesg = [new DmesgLine(1, 4, "SLUB: Unable to allocate"), new DmesgLine(2, 4, "SLUB: Unable to allocate"), new DmesgLine(3, 6, "other")],
    };

    [Theory]
    [InlineData("{ process: perl, step: 0, errno: ENOMEM }", true, "process perl step 0 errno ENOMEM", "ENOMEM")]
    [InlineData("{ process: perl, step: 0, errno: none }", false, "process perl step 0 errno none", "ENOMEM")]
    [InlineData("{ process: perl, step: 3, errno: none }", false, "process perl step 3 errno none", "step 3 was not reached: step 0 ended with ENOMEM")]
    [InlineData("{ process: leak, step: 0, errno: none }", true, "process leak step 0 errno none", "none")]
    [InlineData("{ process: leak, step: 1, errno: ENOMEM }", false, "process leak step 1 errno ENOMEM", "no errno, but 60 of 100 done: killed by the OOM killer")]
    [InlineData("{ process: leak, step: 2, errno: none }", false, "process leak step 2 errno none", "step 2 was not reached: killed by the OOM killer")]
    [InlineData("{ process: wait, step: 1, errno: none }", false, "process wait step 1 errno none", "step 1 was not reached: still running when the run ended")]
    [InlineData("{ process: early, step: 0, done: 1 }", false, "process early step 0 done 1", "step 0 was not reached: no step was begun, killed by SIGTERM")]
    [InlineData("{ process: leak, step: 1, done: 60 }", true, "process leak step 1 done 60", "60 of 100")]
    [InlineData("{ process: perl, step: 0, at_least: 6 }", false, "process perl step 0 done at least 6", "5 of 10, then ENOMEM")]
    [InlineData("{ process: perl, step: 0, at_most: 5 }", true, "process perl step 0 done at most 5", "5 of 10, then ENOMEM")]
    [InlineData("{ process: leak, oom_killed: true }", true, "process leak oom_killed true", "killed by the OOM killer")]
    [InlineData("{ process: leak, oom_killed: false }", false, "process leak oom_killed false", "killed by the OOM killer")]
    [InlineData("{ process: early, signal: KILL }", false, "process early signal SIGKILL", "killed by SIGTERM")]
    [InlineData("{ process: perl, exit_code: 0 }", false, "process perl exit_code 0", "exited with 2")]
    [InlineData("{ process: wait, exit_code: 0 }", false, "process wait exit_code 0", "still running when the run ended")]
    [InlineData("{ process: absent, exit_code: 0 }", false, "process absent exit_code 0", "no such process: it never started")]
    [InlineData("{ process: job, oom_killed: false }", true, "process job oom_killed false", "all 2: exited with 1")]
    [InlineData("{ process: job, exit_code: 0 }", false, "process job exit_code 0", "job-2 (pid 12): exited with 1")]
    [InlineData("{ process: job-1, exit_code: 0 }", true, "process job-1 exit_code 0", "exited with 0")]
    public void JudgeOfAProcessSaysWhatWasFound(string expectation, bool ok, string text, string actual) => Judge(expectation, ok, text, actual);

    [Theory]
    [InlineData("{ file: /f/memory.failcnt, equals: 42 }", true, "file /f/memory.failcnt equals 42", "42")]
    [InlineData("{ file: /f/memory.failcnt, equals: 042.0 }", true, "file /f/memory.failcnt equals 042.0", "42")]
    [InlineData("{ file: /f/memory.failcnt, at_least: 43 }", false, "file /f/memory.failcnt at least 43", "42")]
    [InlineData("{ file: /f/memory.max, equals: max }", true, "file /f/memory.max equals max", "max")]
    [InlineData("{ file: /f/memory.max, at_most: 5 }", false, "file /f/memory.max at most 5", "max, which is not a number")]
    [InlineData("{ file: /f/memory.events, field: oom_kill, equals: 2 }", true, "file /f/memory.events field oom_kill equals 2", "2")]
    [InlineData("{ file: /f/memory.events, field: oom_kil, equals: 2 }", false, "file /f/memory.events field oom_kil equals 2", "the file has no field 'oom_kil': it has low, oom, oom_kill")]
    [InlineData("{ file: /f/memory.events, contains: 'oom 1' }", true, "file /f/memory.events contains 'oom 1'", "low 0\\noom 1\\noom_kill 2")]
    [InlineData("{ file: /f/slabinfo, field: dentry.num_slabs, equals: 25487 }", true, "file /f/slabinfo field dentry.num_slabs equals 25487", "25487")]
    [InlineData("{ file: /f/slabinfo, field: dentry.active_slabs, equals: 25486 }", true, "file /f/slabinfo field dentry.active_slabs equals 25486", "25486")]
    [InlineData("{ file: /f/slabinfo, field: dentry.active_objs, equals: 535227 }", true, "file /f/slabinfo field dentry.active_objs equals 535227", "535227")]
    [InlineData("{ file: /f/slabinfo, field: dentry.pagesperslab, equals: 1 }", true, "file /f/slabinfo field dentry.pagesperslab equals 1", "1")]
    [InlineData("{ file: /f/slabinfo, field: dentry.sharedavail, equals: 5 }", true, "file /f/slabinfo field dentry.sharedavail equals 5", "5")]
    [InlineData("{ file: /f/slabinfo, field: dentri.num_slabs, equals: 1 }", false, "file /f/slabinfo field dentri.num_slabs equals 1", "the file has no field 'dentri.num_slabs': it has dentry.active_objs, dentry.num_objs, dentry.objsize, dentry.objperslab, dentry.pagesperslab, dentry.limit, dentry.batchcount, dentry.sharedfactor, dentry.active_slabs, dentry.num_slabs, dentry.sharedavail")]
    [InlineData("{ file: /f/slabinfo, field: dentry, equals: 1 }", false, "file /f/slabinfo field dentry equals 1", "the file has no field 'dentry': it has dentry.active_objs, dentry.num_objs, dentry.objsize, dentry.objperslab, dentry.pagesperslab, dentry.limit, dentry.batchcount, dentry.sharedfactor, dentry.active_slabs, dentry.num_slabs, dentry.sharedavail")]
    [InlineData("{ file: /f/meminfo, field: MemFree, at_most: 1024 }", true, "file /f/meminfo field MemFree at most 1024", "1024")]
    [InlineData("{ file: /f/memory.pressure, field: full.avg10, equals: 0.25 }", true, "file /f/memory.pressure field full.avg10 equals 0.25", "0.25")]
    [InlineData("{ file: /f/memory.pressure, field: some.total, at_least: 8 }", false, "file /f/memory.pressure field some.total at least 8", "7")]
    [InlineData("{ file: /f/memory.pressure, field: some.avg1, equals: 1 }", false, "file /f/memory.pressure field some.avg1 equals 1", "the file has no field 'some.avg1': it has some.avg10, some.avg60, some.avg300, some.total, full.avg10, full.avg60, full.avg300, full.total")]
    [InlineData("{ file: /g/slabinfo, field: dentry.num_slabs, equals: 1 }", false, "file /g/slabinfo field dentry.num_slabs equals 1", "the file is empty")]
    [InlineData("{ file: /f/gone, equals: 1 }", false, "file /f/gone equals 1", "file not collected: ENOENT")]
    [InlineData("{ file: /f/memory.current, equals: 9 }", true, "file /f/memory.current equals 9", "9")]
    [InlineData("{ file: /f/nowhere, equals: 9 }", false, "file /f/nowhere equals 9", "file not collected, and it cannot be read now: add it to collect")]
    public void JudgeOfAFileSaysWhatWasFound(string expectation, bool ok, string text, string actual) => Judge(expectation, ok, text, actual);

    [Theory]
    [InlineData("{ dmesg: 'SLUB: Unable' }", true, "dmesg 'SLUB: Unable'", "in 2 lines")]
    [InlineData("{ dmesg: 'SLUB: Unable', count: 2 }", true, "dmesg 'SLUB: Unable' in 2 lines", "in 2 lines")]
    [InlineData("{ dmesg: other, count: 2 }", false, "dmesg 'other' in 2 lines", "in 1 line")]
    [InlineData("{ dmesg: nothing }", false, "dmesg 'nothing'", "no line has it (3 lines logged)")]
    [InlineData("{ dmesg: nothing, count: 0 }", true, "dmesg 'nothing' in 0 lines", "no line has it (3 lines logged)")]
    public void JudgeOfTheLogSaysWhatWasFound(string expectation, bool ok, string text, string actual) => Judge(expectation, ok, text, actual);

    [Fact]
    public void JudgeOfSeveralConditionsGivesAResultForEach() =>
        JudgeAll("{ process: leak, oom_killed: true, signal: SIGKILL, exit_code: 0 }").Select(r => (r.Text, r.Ok)).ShouldBe(
            [("process leak oom_killed true", true), ("process leak signal SIGKILL", true), ("process leak exit_code 0", false)]);

    private static void Judge(string expectation, bool ok, string text, string actual) =>
        JudgeAll(expectation).ShouldHaveSingleItem().ShouldBe(new ExpectationResult(text, ok, actual));

    private static IReadOnlyList<ExpectationResult> JudgeAll(string expectation)
    {
        string names = string.Join("\n", new[] { "perl", "leak", "wait", "early", "absent" }.Select(name => $"  - {{ name: {name}, do: [ {{ repeat: {{ times: 1, do: [] }} }} ] }}"));
        ScenarioReadResult read = ScenarioReader.Read($"name: s\nprocesses:\n{names}\n  - {{ name: job, count: 2 }}\nexpect:\n  - {expectation}\n", "s.yaml", []);
        read.Problems.ShouldBeEmpty();
        return Expectations.Judge(read.Scenario!, Result, path => path == "/f/memory.current" ? "9\n" : null);
    }

    private static StepResult Step(string op, long requested, long done, Errno errno = Errno.None) => new() { Op = op, Requested = requested, Done = done, Errno = errno };
}
