namespace Ullage.Abi;

/// <summary>Signal numbers and names (x86-64): 9 is <c>SIGKILL</c>.</summary>
public static class SignalNames
{
    /// <summary>Ends a process at once; what the OOM killer sends.</summary>
    public const int Kill = 9;

    /// <summary>The first real-time signal as the kernel counts (C libraries keep a few and begin later).</summary>
    public const int RealTimeMin = 32;

    /// <summary>The last signal number.</summary>
    public const int Max = 64;

    private static readonly string[] Names =
    [
        "", "SIGHUP", "SIGINT", "SIGQUIT", "SIGILL", "SIGTRAP", "SIGABRT", "SIGBUS", "SIGFPE", "SIGKILL", "SIGUSR1",
        "SIGSEGV", "SIGUSR2", "SIGPIPE", "SIGALRM", "SIGTERM", "SIGSTKFLT", "SIGCHLD", "SIGCONT", "SIGSTOP", "SIGTSTP",
        "SIGTTIN", "SIGTTOU", "SIGURG", "SIGXCPU", "SIGXFSZ", "SIGVTALRM", "SIGPROF", "SIGWINCH", "SIGIO", "SIGPWR", "SIGSYS",
    ];

    /// <summary>The name of signal 1 to 31; <c>signal 40</c> for any other number.</summary>
    public static string NameOf(int signal) =>
        signal > 0 && signal < Names.Length ? Names[signal] : string.Create(CultureInfo.InvariantCulture, $"signal {signal}");

    /// <summary>Reads <c>SIGKILL</c>, <c>KILL</c> (either case) or a number from 1 to 64.</summary>
    public static bool TryParse(string text, out int signal)
    {
        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out signal))
        {
            signal = signal is >= 1 and <= Max ? signal : 0;
            return signal > 0;
        }
        string name = text.StartsWith("SIG", StringComparison.OrdinalIgnoreCase) ? text : "SIG" + text;
        signal = Array.FindIndex(Names, known => known.Equals(name, StringComparison.OrdinalIgnoreCase));
        if (signal < 1)
            signal = 0;
        return signal > 0;
    }
}
