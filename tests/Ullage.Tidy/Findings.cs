namespace Ullage.Tidy;

/// <summary>Turns what a rule found into a test's verdict.</summary>
internal static class Findings
{
    /// <summary>Fails with one line per finding.</summary>
    public static void ShouldBeNone(this IEnumerable<string> findings)
    {
        string[] all = [.. findings];
        Assert.True(all.Length == 0, $"{all.Length} found:\n{string.Join('\n', all)}");
    }
}
