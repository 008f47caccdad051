namespace Ullage.Abi.Text;

/// <summary>Why a kernel text could not be understood.</summary>
/// <param name="Line">The line, counted from 1; 0 when there was no problem.</param>
/// <param name="What">What is wrong with it, quoting the place.</param>
public readonly record struct ParseProblem(int Line, string What)
{
    private const int QuotedLength = 60;

    /// <summary>No problem.</summary>
    public static ParseProblem None => new(0, "");

    /// <summary>True when there was none.</summary>
    public bool IsNone => Line == 0;

    /// <summary>Such as <c>line 3: expected 'name value', found 'oom'</c>.</summary>
    public override string ToString() => IsNone ? "no problem" : string.Create(CultureInfo.InvariantCulture, $"line {Line}: {What}");

    /// <summary>A problem that says what should have stood there.</summary>
    internal static ParseProblem Expected(int line, string expected, ReadOnlySpan<char> found) =>
        new(line, $"expected {expected}, found '{(found.Length <= QuotedLength ? found.ToString() : $"{found[..QuotedLength]}…")}'");
}
