using System.Text;
using Ullage.Abi;

namespace Ullage.Recording.Tests;

/// <summary>Texts by path.</summary>
internal sealed class FakeKernel : IKernelFiles
{
    public SortedDictionary<string, string> Texts { get; } = new(StringComparer.Ordinal);

    public KernelRead Read(string path) => Texts.TryGetValue(path, out string? text) ? new KernelRead(Errno.None, Encoding.UTF8.GetBytes(text)) : KernelRead.Failed(Errno.ENOENT);

    public Errno Write(string path, string text) => Errno.EROFS;

    public KernelList List(string path)
    {
        string prefix = path.TrimEnd('/') + "/";
        string[] names = [.. Texts.Keys.Where(each => each.StartsWith(prefix, StringComparison.Ordinal)).Select(each => each[prefix.Length..])
            .Select(rest => rest.Contains('/', StringComparison.Ordinal) ? rest[..(rest.IndexOf('/') + 1)] : rest).Distinct()];
        return names.Length > 0 ? new KernelList(Errno.None, names) : KernelList.Failed(Errno.ENOENT);
    }

    /// <summary>A cgroup of v2 with figures that depend on a number.</summary>
    public void Cgroup(string path, long n)
    {
        string directory = "/sys/fs/cgroup" + path.TrimEnd('/');
        Texts[directory + "/memory.current"] = $"{n * 4096}\n";
        Texts[directory + "/memory.max"] = n % 7 == 0 ? "max\n" : $"{n % 7 << 30}\n";
        Texts[directory + "/memory.stat"] = $"anon {n * 3000}\nfile {n * 17}\nkernel {n}\nworkingset_refault_file {n / 3}\npgscan {n * n % 1000}\n";
        Texts[directory + "/memory.pressure"] = $"some avg10={n % 100}.{n % 89:00} avg60=0.00 avg300=0.05 total={n * 11}\nfull avg10=0.00 avg60=0.00 avg300=0.00 total={n}\n";
        Texts[directory + "/memory.events"] = $"low 0\nhigh 0\nmax {n / 5}\noom 0\noom_kill {n / 100}\n";
    }

    public void Machine(long n)
    {
        Texts["/proc/meminfo"] = $"MemTotal:       {2 << 20,8} kB\nMemFree:        {n * 37 % 2_000_000,8} kB\nMemAvailable:   {n,8} kB\n";
        Texts["/proc/vmstat"] = $"nr_free_pages {n}\npgscan_direct {n * 2}\n";
        Texts["/proc/slabinfo"] = $"slabinfo - version: 2.1\n# name            <active_objs>\nkmalloc-96        {n,6} {n + 2,6}     96   42    1 : tunables    0    0    0 : slabdata      1      1      0\n";
        Texts["/sys/fs/cgroup/cgroup.controllers"] = "cpu memory\n";
    }
}
