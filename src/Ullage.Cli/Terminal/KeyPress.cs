namespace Ullage.Cli.Terminal;

/// <summary>Keys that are no characters.</summary>
internal enum NamedKey
{
    None,
    Enter,
    Escape,
    Backspace,
    Up,
    Down,
    Left,
    Right,
    PageUp,
    PageDown,
    Home,
    End,
}

/// <summary>One key.</summary>
/// <param name="Char">The character; NUL for a named key.</param>
/// <param name="Key">The name; <see cref="NamedKey.None"/> for a character.</param>
internal readonly record struct KeyPress(char Char, NamedKey Key = NamedKey.None)
{
    public static KeyPress Of(NamedKey key) => new('\0', key);
}

/// <summary>The keyboard of a terminal.</summary>
internal interface IKeyboard
{
    /// <summary>Waits at most that long for a key; null when none came.</summary>
    Task<KeyPress?> NextAsync(TimeSpan wait, CancellationToken cancel);
}
