using System.Text;
using Ullage.Abi.Files;
using Ullage.Abi.Text;

namespace Ullage.Abi.Tests.Files;

/// <summary>Damaged texts never throw, and what is still understood is still printed back. Seeds are fixed.</summary>
public sealed class FuzzTests
{
    private const string Alphabet = "0123456789 \t\n:.=-+,;/\\#NKBkmaxz[]\0é\uD83D";

    [Fact]
    public void EveryPrefixOfASnapshotIsAnsweredWithoutException()
    {
        foreach ((KernelFileKind kind, string text) in Samples())
        {
            int step = Math.Max(1, text.Length / 400);
            for (int length = 0; length < text.Length; length += step)
                RoundTrip.Checks[kind](text[..length]);
        }
    }

    [Fact]
    public void DamagedSnapshotsAreAnsweredWithoutException()
    {
        Random random = new(20240229);
        foreach ((KernelFileKind kind, string text) in Samples())
        {
            for (int round = 0; round < 300; round++)
                RoundTrip.Checks[kind](Damage(text, random));
        }
    }

    [Fact]
    public void GarbageIsAnsweredByEveryTypeWithoutException()
    {
        Random random = new(7);
        for (int round = 0; round < 2000; round++)
        {
            string text = Garbage(random, random.Next(80));
            foreach (Func<string, ParseProblem> check in RoundTrip.Checks.Values)
                check(text);
            RoundTrip.Check<KmsgRecord>(text);
            RoundTrip.Check<KmsgRecord>("6,1,2,-;" + text);
            RoundTrip.Check<DmesgText>(text);
            RoundTrip.Check<DmesgText>("[    1.000000]" + text);
            foreach (KernelFileKind kind in Enum.GetValues<KernelFileKind>())
                KernelFields.TryGet("/proc/" + kind.ToString(), text, Garbage(random, 5), out _);
        }
    }

    /// <summary>A few texts of each kind, the shortest first, from all over the tree.</summary>
    private static List<(KernelFileKind Kind, string Text)> Samples()
    {
        List<(KernelFileKind, string)> samples = [];
        foreach (IGrouping<KernelFileKind, (string KernelPath, string File)> group in TestData.Snapshots().GroupBy(file => KernelFileKinds.Of(file.KernelPath)))
        {
            if (group.Key == KernelFileKind.Unknown)
                continue;
            List<string> texts = [.. group.Select(file => File.ReadAllText(file.File)).Where(text => text.Length > 0).Distinct(StringComparer.Ordinal)];
            for (int i = 0; i < 4; i++)
            {
                string text = texts[i * (texts.Count - 1) / 3];
                // Long tables are cut at a line: what is behind repeats the shape.
                int end = text.Length > 3000 ? text.LastIndexOf('\n', 3000) + 1 : text.Length;
                samples.Add((group.Key, text[..end]));
            }
        }
        return samples;
    }

    private static string Damage(string text, Random random)
    {
        StringBuilder damaged = new(text);
        for (int hits = random.Next(1, 4); hits > 0 && damaged.Length > 0; hits--)
        {
            int at = random.Next(damaged.Length);
            switch (random.Next(4))
            {
                case 0: damaged[at] = Alphabet[random.Next(Alphabet.Length)]; break;
                case 1: damaged.Insert(at, Alphabet[random.Next(Alphabet.Length)]); break;
                case 2: damaged.Remove(at, Math.Min(random.Next(1, 9), damaged.Length - at)); break;
                default: damaged.Insert(at, damaged.ToString(at, Math.Min(20, damaged.Length - at))); break;
            }
        }
        return damaged.ToString();
    }

    private static string Garbage(Random random, int length)
    {
        char[] text = new char[length];
        for (int i = 0; i < length; i++)
            text[i] = Alphabet[random.Next(Alphabet.Length)];
        return new(text);
    }
}
