using FsCheck;
using FsCheck.Fluent;

namespace Ullage.Abi.Tests;

/// <summary>Runs properties with a fixed seed: a red test stays red.</summary>
internal static class Properties
{
    private static readonly Config Fixed = Config.QuickThrowOnFailure.WithReplay(20240229UL, 4242424243UL).WithMaxTest(500).WithQuietOnSuccess(true);

    public static void Hold(this Property property) => Check.One(Fixed, property);
}
