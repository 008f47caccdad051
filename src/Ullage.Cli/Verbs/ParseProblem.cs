using System.CommandLine;
using Ullage.Cli.Terminal;

namespace Ullage.Cli.Verbs;

/// <summary>Says what is wrong with a command line, and what was probably meant.</summary>
internal static class ParseProblem
{
    public static string Explain(ParseResult parse, string? verb)
    {
        string help = verb is null ? "ullage --help" : $"ullage {verb} --help";
        if (parse.UnmatchedTokens.Count > 0)
        {
            return Unmatched(parse, parse.UnmatchedTokens[0], help);
        }
        string message = parse.Errors[0].Message.TrimEnd('.');
        return $"{message}: see '{help}'";
    }

    private static string Unmatched(ParseResult parse, string token, string help)
    {
        if (!token.StartsWith('-'))
        {
            string? subcommand = Words.Nearest(token, parse.CommandResult.Command.Subcommands.Select(command => command.Name));
            return subcommand is null
                ? $"'{token}' is one argument too many: see '{help}'"
                : $"'{token}' is not known here: did you mean '{subcommand}'?";
        }
        string word = token.Split('=', 2)[0];
        IEnumerable<string> known = parse.CommandResult.Command.Options
            .SelectMany(option => option.Aliases.Append(option.Name)).Where(name => name.StartsWith("--", StringComparison.Ordinal));
        string? nearest = word.StartsWith("--", StringComparison.Ordinal) ? Words.Nearest(word, known) : null;
        return nearest is null ? $"there is no option '{word}': see '{help}'" : $"there is no option '{word}': did you mean '{nearest}'?";
    }

    /// <summary>A word in front of any <c>--</c> that looks like an option and was taken for a cgroup or a file, since a verb takes these; null when there is none.</summary>
    public static string? MistakenOption(ParseResult parse, string[] args)
    {
        int end = Array.IndexOf(args, "--");
        ReadOnlySpan<string> before = args.AsSpan(0, end < 0 ? args.Length : end);
        foreach (System.CommandLine.Parsing.Token token in parse.CommandResult.Tokens)
        {
            bool option = token.Value.Length > 1 && token.Value[0] == '-' && !char.IsAsciiDigit(token.Value[1]);
            if (option && before.Contains(token.Value))
            {
                return token.Value;
            }
        }
        return null;
    }
}
