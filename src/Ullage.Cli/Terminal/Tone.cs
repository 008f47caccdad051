namespace Ullage.Cli.Terminal;

/// <summary>The four meanings of colour; each of them also has a mark in the text.</summary>
internal enum Tone
{
    Plain,
    /// <summary>Unavailable, or of less interest.</summary>
    Dim,
    /// <summary>Reclaiming, or needs attention.</summary>
    Yellow,
    /// <summary>Stalled, close to the limit, or failed.</summary>
    Red,
    /// <summary>Killed.</summary>
    Magenta,
}
