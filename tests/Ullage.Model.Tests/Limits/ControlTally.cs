namespace Ullage.Model.Tests.Limits;

/// <summary>What the sequences came to: a property that never reaches its subject shows nothing.</summary>
internal sealed class ControlTally
{
    public long Writes { get; set; }

    public long Refused { get; set; }

    public long Moves { get; set; }

    public long Removals { get; set; }

    public long Sockets { get; set; }

    public long SwappedOut { get; set; }

    public long FilePages { get; set; }
}
