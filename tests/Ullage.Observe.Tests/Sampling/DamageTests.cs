using System.Text;
using Ullage.Abi;
using Ullage.Observe.Fields;
using Ullage.Observe.Host;
using Ullage.Observe.Readings;
using Ullage.Observe.Sampling;
using Xunit.Abstractions;

namespace Ullage.Observe.Tests.Sampling;

/// <summary>
/// Files cut short, emptied, garbled, refused or removed: never an exception, and each figure is the file's or has a reason. Seeds are fixed; a failure names its case.
/// </summary>
public sealed class DamageTests(ITestOutputHelper output)
{
    private const int Cases = 1_000_000;
    private static readonly Errno[] Refusals = [Errno.ENOENT, Errno.EACCES, Errno.ENODEV, Errno.EOPNOTSUPP, Errno.EIO, Errno.EMFILE];
    private static readonly string[] Trees = ["4.15-v1/pressure", "5.4-v1/swap", "5.10-v1/after-oom", "6.1-v1/swap", "6.1-v2/swap", "6.12-v2/pressure", "6.18-v1/idle"];

    [Fact]
    public void AMillionDamagedFilesGiveTheFilesFiguresOrReasons()
    {
        List<Subject> subjects = [.. Trees.SelectMany(SubjectsOf)];
        subjects.Count.ShouldBeGreaterThan(150);
        Random random = new(20261121);
        byte[] scratch = new byte[64 << 10];
        int kept = 0, lost = 0;
        for (int i = 0; i < Cases; i++)
        {
            Subject subject = subjects[random.Next(subjects.Count)];
            Array.Fill(subject.Absences, Absence.NotRead);
            int how = random.Next(4);
            (Errno errno, int length) = how switch
            {
                0 => (Refusals[random.Next(Refusals.Length)], 0),
                1 => (Errno.None, 0),
                2 => (Errno.None, Cut(subject.Text, scratch, random)),
                _ => (Errno.None, Garble(subject.Text, scratch, random)),
            };
            subject.Plan.Put(errno, scratch.AsSpan(0, length), subject.Values, subject.Absences);
            foreach (Field field in subject.Fields)
            {
                bool there = subject.Absences[field.Index] == Absence.Present;
                if (subject.Absences[field.Index] == Absence.NotRead || (there && how < 2) || (there && how == 2 && subject.Values[field.Index] != subject.Whole[field.Index] && !IsSum(field)))
                {
                    Assert.Fail($"case {i}: {subject.Path}: {field} is {subject.Values[field.Index]} ({subject.Absences[field.Index]}) from <{Encoding.UTF8.GetString(scratch.AsSpan(0, length))}>");
                }
                kept += there ? 1 : 0;
                lost += there ? 0 : 1;
            }
        }
        output.WriteLine($"{Cases} damaged files of {subjects.Count}; {kept} figures still there, {lost} unavailable with a reason");
        (kept > 1_000_000 && lost > 1_000_000).ShouldBeTrue();
    }

    [Fact]
    public void EveryReasonOfEveryFieldIsASentence()
    {
        foreach (Field field in CgroupFields.List.All.Concat(HostFields.List.All))
        {
            for (int version = 1; version <= 2; version++)
            {
                foreach (Absence absence in Enum.GetValues<Absence>().Where(absence => absence != Absence.Present && (absence != Absence.NotThisVersion || field.SourceOf(version) is null)))
                {
                    Absences.Explain(absence, field, version, "/sys/fs/cgroup/a").Length.ShouldBeGreaterThan(12, $"{field} {absence}");
                }
            }
        }
    }

    [Fact]
    public void WholeTreesWithDamageAreSampledAndReadWithoutException()
    {
        Random random = new(4711);
        int rows = 0;
        foreach (string tree in Trees)
        {
            Dictionary<string, string> whole = TreeOf(tree);
            for (int round = 0; round < 60; round++)
            {
                TextFiles files = new();
                foreach ((string path, string text) in whole)
                {
                    Damage(files, path, text, random);
                }
                CgroupMounts mounts = CgroupMounts.Find(files);
                using SamplerSource source = new(tree, files, mounts);
                Reading reading = new();
                for (int i = 0; i < 2; i++)
                {
                    reading.Advance(source, out _).ShouldBeTrue();
                    rows += reading.Now.Count;
                    for (int row = 0; row < reading.Now.Count; row++)
                    {
                        _ = UllageReading.Of(reading.Now, row);
                        _ = UllageReading.UnreadOf(reading.Now, row);
                        CgroupFields.List.All.All(field => reading.Now.TryGet(field, row, out _) || reading.Now.Why(field, row).Length > 0).ShouldBeTrue();
                    }
                    files.Files.Remove(whole.Keys.ElementAt(random.Next(whole.Count)));
                }
            }
        }
        output.WriteLine($"{rows} rows");
        rows.ShouldBeGreaterThan(500);
    }

    private static bool IsSum(Field field) => field.V1?.Keys.Count > 1 || field.V2?.Keys.Count > 1;

    private static IEnumerable<Subject> SubjectsOf(string tree)
    {
        int version = tree.Contains("-v2", StringComparison.Ordinal) ? 2 : 1;
        FilePlan[] cgroup = FilePlan.For(CgroupFields.List, version, null);
        FilePlan[] host = FilePlan.For(HostFields.List, version, null);
        foreach ((string path, string text) in TreeOf(tree))
        {
            string name = path[(path.LastIndexOf('/') + 1)..];
            FilePlan? plan = path.StartsWith("/sys/", StringComparison.Ordinal) ? Array.Find(cgroup, each => each.Name == name) : Array.Find(host, each => each.Name == path);
            if (plan is not null && text.Length > 0)
            {
                FieldList list = Array.IndexOf(cgroup, plan) >= 0 ? CgroupFields.List : HostFields.List;
                yield return new Subject(path, plan, text, [.. list.All.Where(field => field.SourceOf(version)?.File == plan.Name)], list.Count);
            }
        }
    }

    private static Dictionary<string, string> TreeOf(string tree)
    {
        string top = Path.Combine(Fixtures.Data, "fixtures", tree);
        return Directory.EnumerateFiles(top, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)
            .ToDictionary(file => "/" + Path.GetRelativePath(top, file), File.ReadAllText, StringComparer.Ordinal);
    }

    private static int Cut(byte[] text, byte[] into, Random random)
    {
        int length = random.Next(text.Length);
        text.AsSpan(0, length).CopyTo(into);
        return length;
    }

    private static int Garble(byte[] text, byte[] into, Random random)
    {
        text.CopyTo(into, 0);
        int length = text.Length;
        for (int hits = random.Next(1, 5); hits > 0; hits--)
        {
            int at = random.Next(length);
            if (random.Next(3) == 0)
            {
                int gap = Math.Min(random.Next(1, 40), length - at);
                into.AsSpan(at + gap, length - at - gap).CopyTo(into.AsSpan(at));
                length = Math.Max(1, length - gap);
            }
            else
            {
                into[at] = (byte)random.Next(256);
            }
        }
        return length;
    }

    private static void Damage(TextFiles files, string path, string text, Random random)
    {
        switch (random.Next(12))
        {
            case 0: break; // removed
            case 1: files[path] = ""; break;
            case 2: files[path] = text[..random.Next(text.Length + 1)]; break;
            case 3: files[path] = text.Replace((char)('0' + random.Next(10)), (char)random.Next(32, 127)); break;
            case 4:
                files[path] = text;
                files.Errors[path] = Refusals[random.Next(Refusals.Length)];
                break;
            default: files[path] = text; break;
        }
    }

    /// <summary>A whole file, what it says, and room for what a damaged one says.</summary>
    private sealed class Subject
    {
        internal Subject(string path, FilePlan plan, string text, Field[] fields, int width)
        {
            Path = path;
            Plan = plan;
            Text = Encoding.UTF8.GetBytes(text);
            Fields = fields;
            Values = new long[width];
            Whole = new long[width];
            Absences = new Absence[width];
            plan.Put(Errno.None, Text, Whole, Absences);
        }

        internal string Path { get; }
        internal FilePlan Plan { get; }
        internal byte[] Text { get; }
        internal Field[] Fields { get; }
        internal long[] Values { get; }
        internal long[] Whole { get; }
        internal Absence[] Absences { get; }
    }
}
