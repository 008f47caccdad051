namespace Ullage.Abi.Text;

/// <summary>
/// A text the kernel shows, understood. What <see cref="TryParse"/> accepts, <see cref="Format"/> gives back byte for byte, so a text in
/// another shape than the kernel's is a problem and never a guess.
/// </summary>
/// <typeparam name="TSelf">The type itself.</typeparam>
public interface IKernelText<TSelf>
    where TSelf : class, IKernelText<TSelf>
{
    /// <summary>Reads the whole text. Never throws.</summary>
    /// <param name="text">All of the file.</param>
    /// <param name="value">What it says; null when the answer is false.</param>
    /// <param name="problem">Which line is wrong, and how; <see cref="ParseProblem.None"/> when the answer is true.</param>
    static abstract bool TryParse(ReadOnlySpan<char> text, [NotNullWhen(true)] out TSelf? value, out ParseProblem problem);

    /// <summary>The text as the kernel prints it, with its last newline.</summary>
    string Format();
}
