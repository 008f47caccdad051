using System.Text.Json;
using Ullage.Abi;
using Ullage.Model.Cgroups;

namespace Ullage.Model.Tests.Kernfs;

/// <summary>Experiment E14: every value written to every control file of four kernels, its errno and what reads back. The operations of E14 are played by WriteExperiment.</summary>
public sealed class MeasuredWriteTests
{
    public static IEnumerable<object[]> Kernels => [["4.15", 1, "4.15-v1"], ["5.4", 1, "5.4-v1"], ["5.10", 1, "5.10-v1"], ["6.12", 2, "6.12-v2"]];

    [Theory]
    [MemberData(nameof(Kernels))]
    public void E14_WritesAnswerAndReadBackAsMeasured(string era, int version, string name)
    {
        JsonElement data = KernfsData.E14(name);
        List<string> values = [.. data.GetProperty("values").EnumerateArray().Select(value => value.GetString()!)];
        List<string> wrong = [];
        int compared = 0;
        foreach (JsonElement group in data.GetProperty("groups").EnumerateArray())
        {
            List<string> results = [.. group.GetProperty("results").EnumerateArray().Select(result => result.GetString()!)];
            foreach (string file in group.GetProperty("files").EnumerateArray().Select(file => file.GetString()!))
            {
                for (int i = 0; i < results.Count; i++, compared++)
                {
                    string ours = WriteFresh(era, version, name, file, values[i]);
                    if (ours != results[i])
                    {
                        wrong.Add($"{file} <- '{values[i]}': measured {results[i]}, ours {ours}");
                    }
                }
            }
        }
        wrong.ShouldBeEmpty();
        compared.ShouldBeGreaterThan(300);
    }

    private static string WriteFresh(string era, int version, string name, string file, string value)
    {
        Machine machine = Workloads.Boot(era, version, swapAccounting: version == 2 || name == "5.10-v1");
        if (version == 1)
        {
            machine.Hierarchy.Root.Memcg.UseHierarchy = true;
        }
        Cgroup cgroup = machine.Make("/e14");
        Errno errno = machine.Set(cgroup, file, value);
        if (errno != Errno.None)
        {
            return "!" + errno;
        }
        KernelRead read = machine.Files.Read(machine.CgroupDirectory(cgroup) + "/" + file);
        return read.Ok ? read.Text.TrimEnd('\n') : "ERR:" + read.Errno;
    }
}
