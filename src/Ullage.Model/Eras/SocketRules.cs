namespace Ullage.Model.Eras;

/// <summary>What becomes of a charge for a socket that does not fit (§2.13).</summary>
public enum SocketRefusal
{
    /// <summary>v1's counter is charged whatever its limit; who looks at it afterwards sees that it is over (4.1).</summary>
    ChargedUnasked,
    /// <summary>Refused, then charged beyond the limit all the same; a socket that may not have it gives it back (4.5 to 5.14).</summary>
    ChargedAnyway,
    /// <summary>Refused; only a socket that must have it is charged beyond the limit (5.15+).</summary>
    Refused,
}

/// <summary>Accounting of socket buffers.</summary>
public sealed record SocketRules
{
    /// <summary>v2 charges sockets to memory (4.5+).</summary>
    public required bool OnV2 { get; init; }
    /// <summary>Writing no limit to memory.kmem.tcp.limit_in_bytes ends the accounting of new sockets (4.1).</summary>
    public required bool UnlimitedEndsIt { get; init; }
    /// <summary>What becomes of a charge that does not fit.</summary>
    public required SocketRefusal Refusal { get; init; }

    internal static readonly SocketRules V4_1 = new() { OnV2 = false, UnlimitedEndsIt = true, Refusal = SocketRefusal.ChargedUnasked };

    internal static readonly SocketRules V4_15 = new() { OnV2 = true, UnlimitedEndsIt = false, Refusal = SocketRefusal.ChargedAnyway };

    internal static readonly SocketRules V6_1 = V4_15 with { Refusal = SocketRefusal.Refused };
}
