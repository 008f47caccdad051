using System.Globalization;
using Ullage.Lab.Scenarios.Reading;

namespace Ullage.Lab.Scenarios;

/// <summary>Finds the modelled kernel that comes nearest to a release that is not modelled.</summary>
public static class NearestKernel
{
    // A major release counts as many minor ones as the longest series had.
    private const int MinorReleases = 21;

    /// <summary>The nearest by release number, the older of equals; by spelling when it is no release number; null when nothing is near.</summary>
    /// <param name="word">What somebody wrote, such as <c>4.4</c> or <c>v5.15.3</c>.</param>
    /// <param name="kernels">The kernels to choose from, oldest first.</param>
    public static string? Of(string word, IReadOnlyList<string> kernels)
    {
        ArgumentNullException.ThrowIfNull(word);
        ArgumentNullException.ThrowIfNull(kernels);
        return Release(word) is int wanted
            ? kernels.Where(kernel => Release(kernel) is not null).MinBy(kernel => Math.Abs(Release(kernel)!.Value - wanted))
            : Nearest.Of(word, kernels);
    }

    /// <summary><c>; the nearest is 4.1</c>, or nothing.</summary>
    /// <param name="word">What somebody wrote.</param>
    /// <param name="kernels">The kernels to choose from, oldest first.</param>
    public static string Advice(string word, IReadOnlyList<string> kernels) => Of(word, kernels) is string nearest ? $"; the nearest is {nearest}" : "";

    private static int? Release(string word)
    {
        string[] parts = word.Trim().TrimStart('v').Split('.', '-');
        bool numbers = parts.Length >= 2
            & int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out int major)
            & int.TryParse(parts.ElementAtOrDefault(1), NumberStyles.None, CultureInfo.InvariantCulture, out int minor);
        return numbers && major < 1000 && minor < 1000 ? (major * MinorReleases) + minor : null;
    }
}
