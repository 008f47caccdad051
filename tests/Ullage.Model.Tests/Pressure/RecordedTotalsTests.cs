using System.Text.Json;
using Ullage.Abi.Files;
using Ullage.Model.Pressure;
using Ullage.Model.Tests.Kernfs;

namespace Ullage.Model.Tests.Pressure;

/// <summary>
/// The totals that real kernels recorded, put through the model's averages, give every average that they printed (E13). A sample
/// tells a state to two digits and an update to the interval between two samples, so sets of possible states are carried along:
/// a printed average is reproduced when some whole percentage that the totals allow leads from a possible state to it.
/// </summary>
public sealed class RecordedTotalsTests
{
    private const double Tolerance = 0.2; // seconds by which the emulated machines were late

    private sealed record Sample(double Time, PressureFile Text);

    [Theory]
    [InlineData("E13-6.18-v1-psi-hires", 20)]
    [InlineData("E13-5.4-v1-psi-stat50M", 15)]
    [InlineData("E13-5.10-v1-psi-stat50M", 15)]
    [InlineData("E13-6.12-v2-psi-stat50M", 15)]
    [InlineData("E13-6.18-v1-psi-stat50M", 15)]
    public void UpdateRecordedTotalsGiveEveryPrintedAverage(string experiment, int atLeast)
    {
        foreach (List<Sample> samples in Read(experiment))
        {
            foreach (bool full in new[] { false, true })
            {
                (int judged, List<string> misses) = Replay(samples, full);
                misses.ShouldBeEmpty();
                judged.ShouldBeGreaterThanOrEqualTo(atLeast);
            }
        }
    }

    private static (int Judged, List<string> Misses) Replay(List<Sample> samples, bool full)
    {
        List<string> misses = [];
        int judged = 0;
        List<long>[]? states = null;
        int last = -1; // the sample after the last update
        for (int i = 1; i < samples.Count; i++)
        {
            PressureLine now = Line(samples[i], full);
            if (Averages(now) == Averages(Line(samples[i - 1], full)))
            {
                continue;
            }
            double since = last < 0 ? 0 : samples[i].Time - samples[last].Time;
            bool oneUpdate = states is not null && Math.Abs(since - 2.004) < Tolerance;
            List<long>[]? next = oneUpdate ? Step(states!, Grown(samples, last, i, full), now) : null;
            judged += oneUpdate ? 1 : 0;
            if (oneUpdate && next is null)
            {
                misses.Add($"{samples[i].Time}: {now}");
            }
            states = next ?? [StatesOf(now.Avg10), StatesOf(now.Avg60), StatesOf(now.Avg300)];
            last = i;
        }
        return (judged, misses);
    }

    /// <summary>The least and the most that the total can have grown between the updates before samples <paramref name="a"/> and <paramref name="b"/>, as whole percents.</summary>
    private static (int Least, int Most) Grown(List<Sample> samples, int a, int b, bool full)
    {
        double least = Line(samples[b - 1], full).TotalUs - (double)Line(samples[a], full).TotalUs;
        double most = Line(samples[b], full).TotalUs - (double)Line(samples[a - 1], full).TotalUs;
        double longest = Math.Min(samples[b].Time - samples[a - 1].Time, 2.004 + Tolerance) * 1e6;
        double shortest = Math.Max(samples[b - 1].Time - samples[a].Time, 2.004 - Tolerance) * 1e6;
        return ((int)Math.Max(Math.Floor(least * 100 / longest), 0), (int)Math.Min(Math.Floor(most * 100 / shortest), 100));
    }

    private static List<long>[]? Step(List<long>[] states, (int Least, int Most) percents, PressureLine printed)
    {
        int[] shown = [printed.Avg10, printed.Avg60, printed.Avg300];
        for (int percent = percents.Least; percent <= percents.Most; percent++)
        {
            List<long>[] next =
            [
                .. Enumerable.Range(0, 3).Select(window => states[window]
                    .Select(state => PsiAverages.CalcLoad(state, PsiAverages.Decay(window), percent * 2048L))
                    .Where(state => PsiAverages.ShownOf(state) == shown[window]).Distinct().ToList()),
            ];
            if (next.All(each => each.Count > 0))
            {
                return next;
            }
        }
        return null;
    }

    private static List<long> StatesOf(int hundredths) =>
        [.. Enumerable.Range(-30, 60).Select(i => (hundredths * 2048L / 100) + i).Where(state => state >= 0 && PsiAverages.ShownOf(state) == hundredths)];

    private static PressureLine Line(Sample sample, bool full) => (full ? sample.Text.Full : sample.Text.Some)!;

    private static (int, int, int) Averages(PressureLine line) => (line.Avg10, line.Avg60, line.Avg300);

    private static IEnumerable<List<Sample>> Read(string experiment)
    {
        using JsonDocument json = JsonDocument.Parse(File.ReadAllText(Path.Combine(KernfsData.Root, "experiments", experiment + ".json")));
        JsonElement[] runs = json.RootElement.TryGetProperty("result", out JsonElement result) ? [result] : [.. json.RootElement.GetProperty("repeats").EnumerateArray()];
        foreach (JsonElement run in runs)
        {
            List<Sample> samples = [];
            foreach (JsonElement row in run.GetProperty("series").EnumerateArray())
            {
                PressureFile.TryParse(row[1].GetString(), out PressureFile? text, out _).ShouldBeTrue();
                samples.Add(new Sample(row[0].GetDouble(), text!));
            }
            yield return samples;
        }
    }
}
