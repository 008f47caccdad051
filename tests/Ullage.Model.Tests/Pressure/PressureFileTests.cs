using System.Text.Json;
using Ullage.Abi;
using Ullage.Model.Pressure;
using Ullage.Model.Tests.Kernfs;

namespace Ullage.Model.Tests.Pressure;

/// <summary>Pressure files: which there are, their texts, triggers (§6.5, §6.6).</summary>
public sealed class PressureFileTests
{
    private const string Zero = "avg10=0.00 avg60=0.00 avg300=0.00 total=0\n";

    public static IEnumerable<object[]> WithPsi => [["5.3"], ["5.4"], ["5.10"], ["6.1"], ["6.12"], ["6.18"]];

    [Theory, MemberData(nameof(WithPsi))]
    public void ReadFreshMachineShowsTheLinesOfTheEra(string era)
    {
        Machine machine = Workloads.Boot(era);
        bool cpuFull = era[0] == '6';
        machine.Show("/proc/pressure/memory").ShouldBe("some " + Zero + "full " + Zero);
        machine.Show("/proc/pressure/io").ShouldBe("some " + Zero + "full " + Zero);
        machine.Show("/proc/pressure/cpu").ShouldBe("some " + Zero + (cpuFull ? "full " + Zero : ""));
        machine.Files.Read("/proc/pressure/irq").Errno.ShouldBe(Errno.ENOENT);
        machine.Files.List("/proc/pressure").Names.ShouldBe(["io", "cpu", "memory"]);
        machine.Files.List("/proc").Names.ShouldContain("pressure/");
    }

    /// <summary>The same lines as the kernel's files, whatever the numbers.</summary>
    [Theory]
    [InlineData("5.4", "5.4-v1")]
    [InlineData("5.10", "5.10-v1")]
    [InlineData("6.1", "6.1-v1")]
    [InlineData("6.12", "6.12-v2")]
    [InlineData("6.18", "6.18-v1")]
    public void ReadMeasuredFilesHaveTheSameShape(string era, string folder)
    {
        Machine machine = Workloads.Boot(era);
        foreach (string file in Directory.GetFiles(KernfsData.Idle(folder, "/proc/pressure")))
        {
            Shape(machine.Show("/proc/pressure/" + Path.GetFileName(file))).ShouldBe(Shape(File.ReadAllText(file)), file);
        }
    }

    private static string Shape(string text) => System.Text.RegularExpressions.Regex.Replace(text, "[0-9]+(\\.[0-9][0-9])?", "#");

    [Fact]
    public void ReadIrqTimeAccountedHasAFullLine()
    {
        Machine machine = Machine.Boot(new MachineOptions { Era = Workloads.Era("6.18"), IrqTimeAccounting = true });
        machine.Show("/proc/pressure/irq").ShouldBe("full " + Zero);
        machine.Files.List("/proc/pressure").Names.ShouldBe(["io", "cpu", "irq", "memory"]);
        machine.Make("/a");
        machine.Show("/sys/fs/cgroup/a/irq.pressure").ShouldBe("full " + Zero);
    }

    [Fact]
    public void ReadPsiOffAnswersEopnotsupp()
    {
        Machine machine = Machine.Boot(new MachineOptions { Era = Workloads.Era("6.12"), Psi = false });
        machine.Make("/a", 100);
        machine.Files.Read("/proc/pressure/memory").Errno.ShouldBe(Errno.EOPNOTSUPP);
        machine.Files.Read("/sys/fs/cgroup/a/memory.pressure").Errno.ShouldBe(Errno.EOPNOTSUPP);
        machine.Files.Write("/proc/pressure/memory", "some 150000 1000000\n").ShouldBe(Errno.EOPNOTSUPP);
        machine.Files.List("/proc/pressure").Names.ShouldBe(["io", "cpu", "memory"]);
        machine.OpenPressure("/proc/pressure/memory").Handle.ShouldNotBeNull().Write("some 150000 1000000\n").ShouldBe(Errno.EOPNOTSUPP);
    }

    [Theory]
    [InlineData("4.19", false, false)]
    [InlineData("5.3", true, false)]
    [InlineData("5.4", true, true)]
    [InlineData("6.18", true, true)]
    public void ListCgroupsHavePressureFilesFromTheirEra(string era, bool child, bool root)
    {
        Machine machine = Workloads.Boot(era, 2);
        machine.Make("/a");
        machine.Files.List("/sys/fs/cgroup/a").Names.Contains("memory.pressure").ShouldBe(child);
        machine.Files.List("/sys/fs/cgroup").Names.Contains("memory.pressure").ShouldBe(root);
        machine.Files.Read("/sys/fs/cgroup/a/cpu.pressure").Ok.ShouldBe(child);
    }

    [Fact]
    public void WriteCgroupPressureHidesTheFiles()
    {
        Machine machine = Workloads.Boot("6.12", 2);
        machine.Make("/a");
        const string control = "/sys/fs/cgroup/a/cgroup.pressure";
        machine.Show(control).ShouldBe("1\n");
        machine.Files.Write(control, "2").ShouldBe(Errno.ERANGE);
        machine.Files.Write(control, "x").ShouldBe(Errno.EINVAL);
        machine.Files.Write(control, "0").ShouldBe(Errno.None);
        machine.Show(control).ShouldBe("0\n");
        machine.Files.Read("/sys/fs/cgroup/a/memory.pressure").Errno.ShouldBe(Errno.ENOENT);
        machine.Files.Write(control, "1").ShouldBe(Errno.None);
        machine.Show("/sys/fs/cgroup/a/memory.pressure").ShouldBe("some " + Zero + "full " + Zero);
    }

    /// <summary>What writes to a cgroup's memory.pressure answered on the real kernel.</summary>
    [Fact]
    public void WriteMeasuredTriggersAnswerAsTheKernel()
    {
        using JsonDocument json = JsonDocument.Parse(File.ReadAllText(Path.Combine(KernfsData.Root, "e14", "6.12-v2.json")));
        Machine machine = Workloads.Boot("6.12", 2);
        machine.Make("/a");
        int compared = 0;
        foreach ((string name, string answer) in Strings(json.RootElement))
        {
            if (name.StartsWith("memory.pressure write '", StringComparison.Ordinal))
            {
                Errno expected = answer == "ok" ? Errno.None : Enum.Parse<Errno>(answer);
                machine.Files.Write("/sys/fs/cgroup/a/memory.pressure", name["memory.pressure write '".Length..^1]).ShouldBe(expected, name);
                compared++;
            }
        }
        compared.ShouldBe(11);
    }

    private static IEnumerable<(string, string)> Strings(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => element.EnumerateObject().SelectMany(each => each.Value.ValueKind == JsonValueKind.String ? [(each.Name, each.Value.GetString()!)] : Strings(each.Value)),
        JsonValueKind.Array => element.EnumerateArray().SelectMany(Strings),
        _ => [],
    };

    [Theory]
    [InlineData("5.4", "some 150000 1000000\n", Errno.None)]
    [InlineData("5.4", "some 150000 1000000", Errno.EINVAL)] // the last byte is lost: a window of 100000
    [InlineData("6.12", "some 150000 1000000", Errno.EINVAL)] // a threshold above the window
    [InlineData("5.4", "some 100 499999\n", Errno.EINVAL)]
    [InlineData("6.1", "some 100 500000\n", Errno.None)]
    [InlineData("6.1", "some 100 400000\n", Errno.EINVAL)]
    [InlineData("6.12", "some 100 400000\n", Errno.None)]
    [InlineData("6.12", "full 10000000 10000000\n", Errno.None)]
    [InlineData("6.12", "full 1 10000001\n", Errno.EINVAL)]
    [InlineData("6.12", "half 1 1000000\n", Errno.EINVAL)]
    [InlineData("6.12", "some 1\n", Errno.EINVAL)]
    [InlineData("6.12", "some -1 1000000\n", Errno.EINVAL)]
    [InlineData("6.12", "", Errno.EINVAL)]
    public void WriteProcTriggerIsJudged(string era, string text, Errno expected) =>
        Workloads.Boot(era).Files.Write("/proc/pressure/memory", text).ShouldBe(expected);

    [Theory]
    [InlineData("5.10", Errno.EINVAL)]
    [InlineData("6.1", Errno.None)]
    public void WriteCpuFullNeedsTheLine(string era, Errno expected) =>
        Workloads.Boot(era).Files.Write("/proc/pressure/cpu", "full 1 1000000\n").ShouldBe(expected);

    [Theory]
    [InlineData("6.1", "some 100000 2000000\n", Errno.EACCES)]
    [InlineData("6.12", "some 100000 2000000\n", Errno.None)]
    [InlineData("6.12", "some 100000 1000000\n", Errno.EINVAL)]
    public void WriteWithoutPrivilegesTakesWholePeriods(string era, string text, Errno expected)
    {
        Machine machine = Workloads.Boot(era);
        machine.As(machine.Spawn(new SpawnOptions { Comm = "user", Uid = 1000 }));
        machine.Files.Write("/proc/pressure/memory", text).ShouldBe(expected);
    }

    [Theory]
    [InlineData("5.10", Errno.None)]
    [InlineData("6.12", Errno.EBUSY)]
    public void WriteSecondTriggerOnOneFile(string era, Errno expected)
    {
        PressureHandle handle = Workloads.Boot(era).OpenPressure("/proc/pressure/memory").Handle.ShouldNotBeNull();
        handle.Poll().ShouldBe(PressurePoll.Error);
        handle.Write("some 150000 1000000\n").ShouldBe(Errno.None);
        handle.Write("some 150000 2000000\n").ShouldBe(expected);
        handle.Poll().ShouldBe(PressurePoll.Nothing);
    }

    [Fact]
    public void PollRemovedCgroupIsAnError()
    {
        Machine machine = Workloads.Boot("6.12", 2);
        machine.Make("/a");
        PressureHandle handle = machine.OpenPressure("/sys/fs/cgroup/a/memory.pressure").Handle.ShouldNotBeNull();
        handle.Write("some 150000 1000000").ShouldBe(Errno.None);
        machine.Rmdir("/a").ShouldBe(Errno.None);
        handle.Poll().ShouldBe(PressurePoll.Error);
        handle.Write("some 150000 1000000").ShouldBe(Errno.ENODEV);
        machine.OpenPressure("/sys/fs/cgroup/a/memory.pressure").ShouldBe((Errno.ENOENT, null));
    }
}
