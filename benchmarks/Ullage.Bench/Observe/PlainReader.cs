using System.Diagnostics;
using System.Globalization;
using Ullage.Observe.Fields;
using Ullage.Observe.Host;
using Ullage.Observe.Sampling;

namespace Ullage.Bench.Observe;

/// <summary>The C program that reads the same files.</summary>
internal sealed class PlainReader : IDisposable
{
    private readonly Process _process;
    private readonly string _directory;

    private PlainReader(Process process, string directory, int files)
    {
        _process = process;
        _directory = directory;
        Files = files;
    }

    /// <summary>How many files it reads for a sample.</summary>
    public int Files { get; }

    /// <summary>Null with the reason when there is no C compiler.</summary>
    public static PlainReader? Start(Sample sample, CgroupMounts mounts, HostFiles host, out string why)
    {
        string directory = Directory.CreateTempSubdirectory("ullage-bench-").FullName;
        string program = Path.Combine(directory, "read-files");
        string source = Path.Combine(Repository(), "benchmarks", "observe", "read-files.c");
        why = Compile(source, program);
        if (why.Length > 0)
        {
            Directory.Delete(directory, recursive: true);
            return null;
        }
        List<string> files = ListFiles(sample, mounts, host);
        string list = Path.Combine(directory, "files");
        File.WriteAllLines(list, files);
        Process process = Process.Start(new ProcessStartInfo(program, [list]) { RedirectStandardInput = true, RedirectStandardOutput = true })!;
        return new PlainReader(process, directory, files.Count);
    }

    /// <summary>Nanoseconds for so many samples.</summary>
    public long Measure(int samples)
    {
        _process.StandardInput.WriteLine(samples.ToString(CultureInfo.InvariantCulture));
        _process.StandardInput.Flush();
        string? line = _process.StandardOutput.ReadLine();
        return line is not null ? long.Parse(line, CultureInfo.InvariantCulture) : throw new InvalidOperationException("read-files ended: its message is above");
    }

    public void Dispose()
    {
        _process.StandardInput.Close();
        _process.WaitForExit();
        _process.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    // Exactly what the sampler reads: the files of its plans that are there.
    private static List<string> ListFiles(Sample sample, CgroupMounts mounts, HostFiles host)
    {
        List<string> files = [];
        int version = mounts.Memory!.Version;
        foreach (FilePlan plan in FilePlan.For(HostFields.List, version, null))
        {
            if (host.Read(plan.Name).Ok)
            {
                files.Add("+" + plan.Name);
            }
        }
        FilePlan[] plans = FilePlan.For(CgroupFields.List, version, null);
        for (int row = 0; row < sample.Count; row++)
        {
            foreach (FilePlan plan in plans)
            {
                string path = sample[row].Directory.TrimEnd('/') + "/" + plan.Name;
                if (host.Read(path).Ok)
                {
                    files.Add(path);
                }
            }
        }
        return files;
    }

    private static string Compile(string source, string program)
    {
        try
        {
            using Process cc = Process.Start(new ProcessStartInfo("cc", ["-O2", "-o", program, source]))!;
            cc.WaitForExit();
            return cc.ExitCode == 0 ? "" : $"cc failed with {cc.ExitCode}";
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return "there is no C compiler (cc): apt install gcc";
        }
    }

    private static string Repository()
    {
        string? directory = AppContext.BaseDirectory;
        while (directory is not null && !File.Exists(Path.Combine(directory, "Ullage.slnx")))
        {
            directory = Path.GetDirectoryName(directory);
        }
        return directory ?? throw new InvalidOperationException("Ullage.slnx is in no directory above the program");
    }
}
