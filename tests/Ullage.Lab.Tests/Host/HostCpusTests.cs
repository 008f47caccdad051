using Ullage.Lab.Targets.Host;

namespace Ullage.Lab.Tests.Host;

public sealed class HostCpusTests
{
    [Theory]
    [InlineData(new byte[] { 0b1111, 0 }, 1, new byte[] { 0b1000, 0 })]
    [InlineData(new byte[] { 0b1111, 0b0101 }, 3, new byte[] { 0b1000, 0b0101 })]
    [InlineData(new byte[] { 0b0110 }, 8, new byte[] { 0b0110 })]
    [InlineData(new byte[] { 0b1111, 0b0100 }, 1, new byte[] { 0, 0b0100 })]
    public void KeepHighestLeavesSoManyCpus(byte[] mask, int count, byte[] left)
    {
        HostCpus.KeepHighest(mask, count);
        mask.ShouldBe(left);
    }
}
