using Ullage.Cli.Run;
using Ullage.Cli.Verbs;
using Ullage.Recording.Format;
using Ullage.Recording.Reading;

namespace Ullage.Cli.Recordings;

/// <summary>Opens recordings for the verbs, with messages for people.</summary>
internal static class RecordingFiles
{
    public static RecordingReader Open(string path)
    {
        if (Directory.Exists(path))
        {
            throw CliException.NoData($"{path} is a directory: name the recording in it");
        }
        try
        {
            return RecordingReader.Open(path);
        }
        catch (RecordingException wrong)
        {
            throw CliException.NoData(wrong.Message);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw CliException.NoData($"cannot read {path}: {ScenarioLoader.Describe(failure)}: name a file that 'ullage record -o FILE' or 'ullage run SCENARIO -o FILE.ullage' wrote");
        }
    }

    /// <summary>
    /// A moment of a recording, as people say it: <c>90s</c>, <c>10m</c> after its beginning, <c>-30s</c> before its end, <c>14:05:00</c> or
    /// <c>2026-11-21T14:05:00Z</c> of the wall clock (UTC). Null for none.
    /// </summary>
    public static long? Moment(RecordingReader recording, string option, string? text)
    {
        if (text is null)
        {
            return null;
        }
        bool fromEnd = text.StartsWith('-');
        string rest = fromEnd ? text[1..] : text;
        if (rest.Length > 0 && (char.IsAsciiDigit(rest[0]) || rest[0] == '.') && !rest.Contains(':', StringComparison.Ordinal) && !rest.Contains('T', StringComparison.Ordinal))
        {
            long ns = (long)(Seconds(option, rest) * 1e9);
            return fromEnd ? recording.LastNs - ns : recording.FirstNs + ns;
        }
        if (recording.Meta.WallClock && Clock(recording, text) is long moment)
        {
            return moment;
        }
        throw CliException.Usage($"{option} '{text}' is not a moment: use 90s or 10m after the beginning, -30s before the end"
            + (recording.Meta.WallClock ? ", 14:05:00 or 2026-11-21T14:05:00Z (UTC)" : ""));
    }

    private static long? Clock(RecordingReader recording, string text)
    {
        const System.Globalization.DateTimeStyles Utc = System.Globalization.DateTimeStyles.AssumeUniversal | System.Globalization.DateTimeStyles.AdjustToUniversal;
        if (!text.Contains('T', StringComparison.Ordinal) && TimeSpan.TryParse(text, System.Globalization.CultureInfo.InvariantCulture, out TimeSpan time))
        {
            DateTime first = DateTime.UnixEpoch.AddTicks(recording.FirstNs / 100);
            DateTime day = first.Date + time;
            return ((day < first.AddSeconds(-1) ? day.AddDays(1) : day) - DateTime.UnixEpoch).Ticks * 100;
        }
        return DateTime.TryParse(text, System.Globalization.CultureInfo.InvariantCulture, Utc, out DateTime moment) ? (moment - DateTime.UnixEpoch).Ticks * 100 : null;
    }

    private static double Seconds(string option, string text)
    {
        (string number, double unit) = text switch
        {
            _ when text.EndsWith("ms", StringComparison.Ordinal) => (text[..^2], 0.001),
            _ when text.EndsWith('s') => (text[..^1], 1),
            _ when text.EndsWith('m') => (text[..^1], 60),
            _ when text.EndsWith('h') => (text[..^1], 3600),
            _ when text.EndsWith('d') => (text[..^1], 86400),
            _ => (text, 1),
        };
        return double.TryParse(number, System.Globalization.NumberStyles.AllowDecimalPoint, System.Globalization.CultureInfo.InvariantCulture, out double count) && count * unit < 1e9
            ? count * unit
            : throw CliException.Usage($"{option} '{text}' is not a moment: use 90s, 10m, 36h or 2d after the beginning, -30s before the end");
    }
}
