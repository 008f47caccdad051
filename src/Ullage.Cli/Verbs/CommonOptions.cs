using System.CommandLine;

namespace Ullage.Cli.Verbs;

/// <summary>Options that mean the same in every verb.</summary>
internal static class CommonOptions
{
    // Read before parsing, because error messages depend on it, too; declared so that help shows it.
    public static Option<bool> NoColour => new("--no-color") { Description = "No colour (also: NO_COLOR in the environment, or output to a pipe)" };

    public static Option<bool> Verbose => new("--verbose", "-v") { Description = "Say everything" };

    public static Option<bool> Quiet => new("--quiet") { Description = "Only what failed, and the verdict" };

    public static Option<string> Root => new("--root")
    {
        HelpName = "DIR",
        Description = "Read the tree below DIR instead of /",
        DefaultValueFactory = _ => "/",
    };

    public static Option<string> Format(string help) => new("--format")
    {
        HelpName = "FORMAT",
        Description = help,
        DefaultValueFactory = _ => "table",
    };
}
