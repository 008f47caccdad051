using System.Text.Json;
using Ullage.Lab.Validation;

namespace Ullage.Lab.Tests.Validation;

/// <summary>E14: what was tried on real kernels gives the same answers here, and nothing is left out without a reason.</summary>
public sealed class WriteExperimentTests
{
    private static JsonElement Data(string name) => JsonDocument.Parse(File.ReadAllText(Path.Combine(Repo.Root, "tests", "data", "e14", name + ".json"))).RootElement;

    [Theory]
    [InlineData("4.15-v1", 48)]
    [InlineData("5.4-v1", 48)]
    [InlineData("5.10-v1", 48)]
    [InlineData("6.12-v2", 72)]
    public void E14_OperationsAnswerAsMeasured(string name, int atLeast)
    {
        (long tried, IReadOnlyList<string> wrong) = WriteExperiment.PlayOperations(Data(name), name.Split('-')[0], name[^1] - '0');
        wrong.ShouldBeEmpty();
        tried.ShouldBeGreaterThanOrEqualTo(atLeast);
    }

    [Fact]
    public void E14_EachExceptionIsOneMeasuredOperation_AndNoneWritesAValue()
    {
        string[] names = [.. new[] { "4.15-v1", "5.4-v1", "5.10-v1", "6.12-v2" }.SelectMany(name => Data(name).GetProperty("ops").EnumerateObject().Select(each => each.Name))];
        WriteExperiment.Exceptions.ShouldAllBe(exception => names.Contains(exception.Name));
        WriteExperiment.Exceptions.Count(exception => exception.Name.Contains("write", StringComparison.Ordinal)).ShouldBe(1, "the one whose text is not known");
    }

    [Fact]
    public void E14_AWrongAnswerIsFound()
    {
        JsonElement data = JsonDocument.Parse("""{"ops": {"mkdir existing": "ok", "rmdir missing": "ENOENT", "unheard of": "ok"}}""").RootElement;
        (long tried, IReadOnlyList<string> wrong) = WriteExperiment.PlayOperations(data, "5.4", 1);
        tried.ShouldBe(3);
        wrong.ShouldBe(["mkdir existing: measured ok, ours EEXIST", "unheard of: measured ok, ours not played"]);
    }
}
