using Ullage.Lab.Scenarios;

namespace Ullage.Lab.Tests.Scenarios;

public sealed class NearestKernelTests
{
    [Theory]
    [InlineData("4.4", "4.1")]
    [InlineData("4.14", "4.15")]
    [InlineData("v5.15.3", "5.10")]
    [InlineData("5.0", "4.19")]
    [InlineData("7.0", "6.18")]
    [InlineData("6.18-rc1", "6.18")]
    [InlineData("nonsense", null)]
    [InlineData("", null)]
    public void OfAReleaseIsTheNearestByNumber(string word, string? nearest) => NearestKernel.Of(word, ScenarioReader.Kernels).ShouldBe(nearest);
}
