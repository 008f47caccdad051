using System.Globalization;

namespace Ullage.Observe.Diagnosis;

/// <summary>The releases that the model knows, by number alone: this room does not see the model.</summary>
public static class ModelledEras
{
    private static readonly (int Major, int Minor)[] Eras = [(4, 1), (4, 15), (4, 19), (5, 3), (5, 4), (5, 10), (6, 1), (6, 12), (6, 18)];

    /// <summary>The newest era that is not newer than a release such as <c>6.18.44-cloud</c>; null when it is older than all, or not a release.</summary>
    public static string? Nearest(string release, out bool exact)
    {
        exact = false;
        string[] parts = release.Split('.', '-', '+');
        if (parts.Length < 2 || !int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out int major) ||
            !int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out int minor))
        {
            return null;
        }
        (int Major, int Minor)? best = null;
        foreach ((int Major, int Minor) era in Eras)
        {
            if (era.CompareTo((major, minor)) <= 0)
            {
                best = era;
            }
        }
        exact = best == (major, minor);
        return best is (int bestMajor, int bestMinor) ? string.Create(CultureInfo.InvariantCulture, $"{bestMajor}.{bestMinor}") : null;
    }
}
