using Ullage.Model.Reclaim;

namespace Ullage.Model;

/// <summary>Page reclaim (§3).</summary>
public sealed partial class Machine
{
    internal PageBackends PageBackends { get; }

    internal Workingset Workingset { get; }

    internal LruCosts LruCosts { get; }

    internal InactiveRatio InactiveRatio { get; }

    internal PageReclaim PageReclaim { get; }

    internal ReclaimRetry ReclaimRetry { get; }

    internal ReclaimThrottle ReclaimThrottle { get; }

    internal NodeReclaim NodeReclaim { get; }

    /// <summary>One for each node.</summary>
    internal Kswapd[] Kswapds { get; }
}
