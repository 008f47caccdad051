using System.Globalization;

namespace Ullage.Insight.Pages;

/// <summary>Moments for people.</summary>
internal static class TimeText
{
    /// <summary>A moment: the wall clock in UTC when its zero is known, else seconds since the start.</summary>
    public static string Of(long tNs, long? epochNs) => epochNs is long zero
        ? DateTime.UnixEpoch.AddTicks((zero + tNs) / 100).ToString("yyyy-MM-dd HH:mm:ss.fff 'UTC'", CultureInfo.InvariantCulture)
        : string.Create(CultureInfo.InvariantCulture, $"{tNs / 1e9:0.000000} s");
}
