using System.CommandLine;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using Ullage.Cli.Terminal;
using Ullage.Cli.Verbs;

namespace Ullage.Cli;

/// <summary>The program without a process around it: arguments in, exit code out.</summary>
public static class UllageApp
{
    /// <summary>Runs one command line. Never throws; messages for the user are on <see cref="CliConsole.Error"/>.</summary>
    /// <param name="args">The arguments, without the program's name.</param>
    /// <param name="console">Where to write.</param>
    /// <param name="services">Makes what the verbs need; asked for only by verbs that need it.</param>
    /// <param name="cancel">Ctrl-C.</param>
    /// <returns>The exit code (docs/cli).</returns>
    public static async Task<int> RunAsync(string[] args, CliConsole console, Func<CliServices> services, CancellationToken cancel)
    {
        console.CommandLine = ShellText.Of(["ullage", .. args]);
        bool verbose = args.Contains("-v") || args.Contains("--verbose");
        try
        {
            if (args is ["--version"] or ["-V"] or ["version"])
            {
                console.WriteLine("ullage " + Version);
                return ExitCodes.Ok;
            }
            return await DispatchAsync(args, console, services, cancel).ConfigureAwait(false);
        }
        catch (CliException problem)
        {
            Tell(console, problem);
            return problem.ExitCode;
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            return ExitCodes.Interrupted;
        }
        catch (IOException gone) when (IsBrokenPipe(gone))
        {
            return ExitCodes.Ok; // whoever read our output has seen enough, as in `ullage stat | head`
        }
        catch (Recording.Format.RecordingException damaged)
        {
            console.WriteError("ullage: " + damaged.Message);
            return ExitCodes.NoData;
        }
        catch (OutputException full)
        {
            console.WriteError("ullage: " + full.Message);
            return ExitCodes.NoData;
        }
        catch (Exception bug)
        {
            console.WriteError($"ullage: internal error: {bug.GetType().Name}: {FirstLine(bug.Message)}: please report, with -v for details");
            if (verbose)
            {
                console.WriteError(bug.ToString());
            }
            return ExitCodes.Finding;
        }
    }

    /// <summary>Carries out a verb within another one; throws what it throws.</summary>
    internal static Task<int> RunVerbAsync(string[] args, CliConsole console, Func<CliServices> services, CancellationToken cancel) => DispatchAsync(args, console, services, cancel);

    /// <summary>The program's version, such as <c>0.1.0</c>.</summary>
    public static string Version => typeof(UllageApp).Assembly.GetName().Version!.ToString(3);

    private static async Task<int> DispatchAsync(string[] args, CliConsole console, Func<CliServices> services, CancellationToken cancel)
    {
        if (args.Length == 0)
        {
            await Parse(VerbList.Root(), ["--help"], console).InvokeAsync(To(console.Error), cancel).ConfigureAwait(false);
            return ExitCodes.Usage;
        }
        if (args[0] == "help")
        {
            args = [.. args[1..], "--help"];
        }
        string? verb = args[0].StartsWith('-') ? null : args[0];
        if (verb is not null)
        {
            VerbList.Check(verb);
        }
        bool noColour = args.Contains("--no-color");
        CliConsole shown = noColour ? console.WithColour(false) : console;
        Command command = verb is null ? VerbList.Root() : VerbList.Make(verb, shown, services);
        RootCommand root = VerbList.Root(command);
        ParseResult parse = Parse(root, args, console);
        if (parse.Errors.Count > 0 && !AsksForHelp(parse))
        {
            throw CliException.Usage(ParseProblem.Explain(parse, verb));
        }
        if (ParseProblem.MistakenOption(parse, args) is string option)
        {
            throw CliException.Usage($"there is no option '{option}': see 'ullage {verb} --help'");
        }
        return await parse.InvokeAsync(To(console.Out), cancel).ConfigureAwait(false);

        InvocationConfiguration To(TextWriter output) => new()
        {
            Output = output,
            Error = console.Error,
            EnableDefaultExceptionHandler = false,
            ProcessTerminationTimeout = null, // Program owns the signals
        };
    }

    private static ParseResult Parse(RootCommand root, string[] args, CliConsole console)
    {
        ExampleHelp.Install(root, console.Width);
        return root.Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
    }

    private static bool AsksForHelp(ParseResult parse) => parse.Action is SynchronousCommandLineAction and ExampleHelp;

    private static void Tell(CliConsole console, CliException problem)
    {
        foreach (string message in problem.Messages)
        {
            console.WriteError(problem.Bare ? message : "ullage: " + message);
        }
    }

    private static bool IsBrokenPipe(IOException exception) => (exception.HResult & 0xffff) == (int)Abi.Errno.EPIPE;

    private static string FirstLine(string text) => text.Split('\n', 2)[0].TrimEnd();
}
