using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Ullage.Model;

/// <summary>Conditions that only a bug in the model can break. On in release builds: they cost nothing measurable.</summary>
public static class Invariant
{
    /// <summary>Throws <see cref="InvariantException"/> when <paramref name="condition"/> is false.</summary>
    public static void Holds([DoesNotReturnIf(false)] bool condition, [CallerArgumentExpression(nameof(condition))] string what = "")
    {
        if (!condition)
        {
            Broken(what);
        }
    }

    [DoesNotReturn]
    private static void Broken(string what) => throw new InvariantException(what);
}

/// <summary>A bug in the model: a condition that must always hold did not.</summary>
public sealed class InvariantException(string what) : Exception("invariant broken: " + what);
