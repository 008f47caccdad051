using System.Globalization;
using Ullage.Abi;

namespace Ullage.Lab.Scenarios.Reading;

/// <summary>The words that a scenario may use, with what they mean.</summary>
internal static class Words
{
    public static readonly string[] Kernels = ["4.1", "4.15", "4.19", "5.3", "5.4", "5.10", "6.1", "6.12", "6.18"];

    public static readonly (string, AccessPattern)[] Patterns =
    [
        ("sequential", AccessPattern.Sequential), ("loop", AccessPattern.Loop), ("uniform", AccessPattern.Uniform), ("zipf", AccessPattern.Zipf),
    ];

    public static readonly (string, MapKind)[] MapKinds = [("anon", MapKind.Anon), ("shared", MapKind.Shared), ("file", MapKind.File)];

    public static readonly (string, MapProtection)[] Protections = [("rw", MapProtection.Rw), ("r", MapProtection.R), ("none", MapProtection.None)];

    public static readonly (string, PolicyKind)[] Policies =
        [("default", PolicyKind.Standard), ("bind", PolicyKind.Bind), ("preferred", PolicyKind.Preferred), ("interleave", PolicyKind.Interleave)];

    public static readonly (string, bool)[] Until = [("error", false), ("done", true)];

    public static readonly (string, bool)[] Via = [("read", false), ("mmap", true)];

    public static readonly string[] ReadAdvice = ["normal", "random", "sequential"];

    public static readonly string[] MemoryAdvice =
    [
        "normal", "random", "sequential", "willneed", "dontneed", "free", "cold", "pageout", "hugepage", "nohugepage", "mergeable", "unmergeable",
        "dontfork", "dofork", "remove", "dontdump", "dodump", "populate_read", "populate_write",
    ];

    /// <summary>Signals by number, from 1 (x86-64).</summary>
    private static readonly string[] SignalNames =
    [
        "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE", "ALRM", "TERM", "STKFLT",
        "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "IO", "PWR", "SYS",
    ];

    public static readonly string[] Signals = [.. SignalNames.Select(name => "SIG" + name)];

    private static readonly string[] Errnos = Enum.GetNames<Errno>().Where(name => name != nameof(Errno.None)).ToArray();

    /// <summary><c>SIGKILL</c>, <c>KILL</c> or <c>9</c> as <c>SIGKILL</c>.</summary>
    public static string? Signal(MapReader map, string key)
    {
        const string What = "a signal, such as SIGKILL";
        if (map.Text(key, What) is not string text)
        {
            return null;
        }

        if (int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int number))
        {
            if (number >= 1 && number <= Signals.Length)
            {
                return Signals[number - 1];
            }

            map.Tell(key, $"unknown signal {Quote.Text(text)}: numbers go from 1 to {Signals.Length}");
            return null;
        }

        string full = text.StartsWith("SIG", StringComparison.OrdinalIgnoreCase) ? text.ToUpperInvariant() : "SIG" + text.ToUpperInvariant();
        if (Signals.Contains(full, StringComparer.Ordinal))
        {
            return full;
        }

        string? nearest = Nearest.Of(full, Signals);
        map.Tell(key, $"unknown signal {Quote.Text(text)}{(nearest is null ? $": expected {What}" : $": did you mean '{nearest}'?")}");
        return null;
    }

    /// <summary>An errno by name; <c>none</c> is success. Null when it is absent or wrong.</summary>
    public static Errno? Error(MapReader map, string key)
    {
        const string What = "an errno, such as ENOMEM, or none";
        if (map.Text(key, What) is not string text)
        {
            return null;
        }

        if (text is "none")
        {
            return Errno.None;
        }

        if (Errnos.Contains(text, StringComparer.Ordinal))
        {
            return Enum.Parse<Errno>(text);
        }

        string? nearest = Nearest.Of(text, [.. Errnos, "none"]);
        map.Tell(key, $"unknown errno {Quote.Text(text)}{(nearest is null ? $": expected {What}" : $": did you mean '{nearest}'?")}");
        return null;
    }

    /// <summary>One of some words, as itself.</summary>
    public static string? OneOf(MapReader map, string key, string[] words)
    {
        (string, int)[] numbered = [.. words.Select((word, index) => (word, index))];
        return map.Word(key, numbered) is int index ? words[index] : null;
    }
}
