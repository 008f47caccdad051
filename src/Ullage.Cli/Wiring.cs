namespace Ullage.Cli;

internal static class Wiring
{
    public static CliServices Services() => throw new CliException(ExitCodes.FeatureAbsent, "nothing is wired");
}
