using Ullage.Lab.Results;
using Ullage.Lab.Targets;

namespace Ullage.Lab.Tests.Targets;

/// <summary>What a result keeps of an endless kernel log.</summary>
public sealed class KeptLogTests
{
    [Fact]
    public void AddBeyondTheBoundKeepsTheNewestAndSaysSo()
    {
        KeptLog log = new(most: 20);
        for (int i = 0; i < 20; i++)
        {
            log.Add(new DmesgLine(i, 4, $"line {i}"));
        }
        log.Note.ShouldBeNull();
        log.Lines.Count.ShouldBe(20);
        for (int i = 20; i < 100; i++)
        {
            log.Add(new DmesgLine(i, 4, $"line {i}"));
        }
        log.Lines[^1].Text.ShouldBe("line 99");
        log.Lines.Count.ShouldBeInRange(18, 20);
        log.Note.ShouldBe($"the kernel log had {100 - log.Lines.Count} more lines before the first one kept here: a result keeps the last 20");
    }

    [Fact]
    public void LoseWhatTheKernelOverwroteIsTold()
    {
        KeptLog log = new();
        log.Lose(7);
        log.Note.ShouldNotBeNull().ShouldStartWith("the kernel log had 7 more lines");
    }
}
