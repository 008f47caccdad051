using System.Text.Json;
using Ullage.Abi;
using Ullage.Model.Cgroups;

namespace Ullage.Model.Tests.Kernfs;

/// <summary>Measured files and writes in tests/data, and short ways to a machine's files.</summary>
internal static class KernfsData
{
    public static string Root { get; } = Path.Combine(FindRepository(), "tests", "data");

    private static string FindRepository()
    {
        string? directory = AppContext.BaseDirectory;
        while (directory is not null && !File.Exists(Path.Combine(directory, "Ullage.slnx")))
        {
            directory = Path.GetDirectoryName(directory);
        }
        return directory ?? throw new InvalidOperationException("no Ullage.slnx above the tests: run them inside the repository");
    }

    /// <summary>Era, cgroup version, and the snapshot's folder.</summary>
    public static IEnumerable<object[]> Snapshots =>
    [
        ["4.15", 1, "4.15-v1"], ["5.4", 1, "5.4-v1"], ["5.10", 1, "5.10-v1"], ["6.1", 1, "6.1-v1"], ["6.1", 2, "6.1-v2"], ["6.12", 2, "6.12-v2"], ["6.18", 1, "6.18-v1"],
    ];

    public static string Mount(int version) => version == 1 ? "/sys/fs/cgroup/memory" : "/sys/fs/cgroup";

    public static string Idle(string folder, string path) => Path.Combine(Root, "fixtures", folder, "idle") + path;

    /// <summary>The first word of every line.</summary>
    public static List<string> Names(string text) => [.. text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split(' ', ':', '=')[0])];

    public static string Show(this Machine machine, string path)
    {
        KernelRead read = machine.Files.Read(path);
        read.Errno.ShouldBe(Errno.None, path);
        return read.Text;
    }

    public static string Show(this Machine machine, Cgroup cgroup, string file) => machine.Show(machine.CgroupDirectory(cgroup) + "/" + file);

    public static Errno Set(this Machine machine, Cgroup cgroup, string file, string text) =>
        machine.Files.Write(machine.CgroupDirectory(cgroup) + "/" + file, text);

    /// <summary>The harness, as root, asks from now on.</summary>
    public static void AsHarness(this Machine machine) => machine.Current = null;

    public static JsonElement E14(string name) => JsonDocument.Parse(File.ReadAllText(Path.Combine(Root, "e14", name + ".json"))).RootElement;
}
