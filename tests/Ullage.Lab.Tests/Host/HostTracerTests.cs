using Ullage.Lab.Results;
using Ullage.Lab.Targets;
using Ullage.Lab.Targets.Host;

namespace Ullage.Lab.Tests.Host;

/// <summary>Tracing a host's kernel: what stands in the way, what is written to tracefs, how histograms are read.</summary>
public sealed class HostTracerTests : IDisposable
{
    private const string Histogram =
        """
        # event histogram
        #
        # trigger info: hist:keys=common_stacktrace:vals=hitcount:sort=hitcount:size=2048 [active]
        #

        { common_stacktrace:
                 kprobe_trace_func+0x1/0x2
                 psi_memstall_enter+0x5/0x80
                 try_charge_memcg+0x1a7/0x7c0
                 do_anonymous_page+0x150/0x3a0
        } hitcount:          3
        { stacktrace:
                 psi_memstall_enter+0x5/0x80
                 try_charge_memcg+0x2b7/0x7c0
                 do_anonymous_page+0x150/0x3a0
        } hitcount:          4
        { stacktrace:
                 psi_memstall_enter+0x5/0x80
                 reclaim_high+0x20/0x100
        } hitcount:          1

        Totals:
            Hits: 8
            Entries: 3
            Dropped: 0
        """;

    private readonly string _root = Directory.CreateTempSubdirectory("ullage-tracefs-").FullName;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    private string Make(string path, string? text = null)
    {
        string full = Path.Combine(_root, path);
        Directory.CreateDirectory(text is null ? full : Path.GetDirectoryName(full)!);
        if (text is not null)
        {
            File.WriteAllText(full, text);
        }
        return full;
    }

    [Fact]
    public void CheckSaysWhatIsMissingAndWhatToDo()
    {
        HostTracer.Check(_root).ShouldBe(new TracingProblem("/sys/kernel/tracing: ENOENT: this kernel was built without tracing (CONFIG_TRACING): trace on the model", 4));
        Make("sys/kernel/tracing");
        HostTracer.Check(_root).ShouldBe(new TracingProblem("/sys/kernel/tracing is empty: mount it with: mount -t tracefs none /sys/kernel/tracing", 3));
        Make("sys/kernel/tracing/available_tracers", "nop\n");
        HostTracer.Check(_root)!.Message.ShouldBe("/sys/kernel/tracing/kprobe_events: ENOENT: this kernel was built without kprobe events (CONFIG_KPROBE_EVENTS): trace on the model");
        Should.Throw<TargetUnavailableException>(() => HostTracer.Start(["psi_memstall_enter"], "t", _root)).ExitCode.ShouldBe(4);
        Make("sys/kernel/tracing/kprobe_events", "");
        HostTracer.Check(_root).ShouldBeNull();
    }

    [Fact]
    public void StartProbesInAnInstanceOfItsOwnAndDisposeTakesBackWhatItMade()
    {
        string events = Make("sys/kernel/tracing/kprobe_events", "p:somebody/else vfs_read\n");
        string trigger = Make("sys/kernel/tracing/instances/t/events/t/u_psi_memstall_enter/trigger", "");
        Make("sys/kernel/tracing/instances/t/events/t/u_psi_memstall_enter/hist", Histogram);
        using (HostTracer tracer = HostTracer.Start(["psi_memstall_enter"], "t", _root))
        {
            File.ReadAllText(events).ShouldBe("p:somebody/else vfs_read\np:t/u_psi_memstall_enter psi_memstall_enter\n");
            File.ReadAllText(trigger).ShouldBe("hist:keys=common_stacktrace\n");
            tracer.Collect().Select(stack => (stack.Count, string.Join(';', stack.Frames))).ShouldBe(
                [(1, "psi_memstall_enter;reclaim_high"), (7, "psi_memstall_enter;try_charge_memcg;do_anonymous_page")]);
        }
        File.ReadAllText(events).ShouldEndWith("-:t/u_psi_memstall_enter\n");
    }

    [Fact]
    public void StartThatFailsLeavesNothingBehind()
    {
        string events = Make("sys/kernel/tracing/kprobe_events", "");
        Make("sys/kernel/tracing/instances");
        TargetUnavailableException failed = Should.Throw<TargetUnavailableException>(() => HostTracer.Start(["psi_memstall_enter"], "t", _root)); // no events directory appears here
        failed.ExitCode.ShouldBe(3);
        File.ReadAllText(events).ShouldBe("p:t/u_psi_memstall_enter psi_memstall_enter\n-:t/u_psi_memstall_enter\n");
        Directory.Exists(Path.Combine(_root, "sys/kernel/tracing/instances/t")).ShouldBeFalse();
    }

    [Fact]
    public void ParseOfNothingIsNothing() => HostTracer.Parse("f", "# event histogram\n\nTotals:\n    Hits: 0\n").ShouldBeEmpty();
}
