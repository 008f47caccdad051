using System.CommandLine;
using System.Globalization;
using Ullage.Cli.Serve;
using Ullage.Cli.Sources;
using Ullage.Cli.Terminal;

namespace Ullage.Cli.Verbs;

/// <summary><c>ullage serve</c>: the command line of it.</summary>
internal static class ServeVerb
{
    public const string Name = "serve";
    public const string Does = "Serve a live page with charts, and /metrics for Prometheus";

    public static string[] Examples => ["ullage serve", "sudo ullage serve --listen 127.0.0.1:9477 -i 5s", "ullage serve --scenario anon-oom -i 100ms"];

    public static Command Command(CliConsole console, Func<CliServices> services)
    {
        Option<string> listen = new("--listen") { HelpName = "ADDRESS:PORT", Description = "Where to listen; anything but 127.0.0.1 shows this host's cgroups to the network", DefaultValueFactory = _ => "127.0.0.1:9477" };
        Option<string> interval = new("--interval", "-i") { HelpName = "TIME", Description = "Time between samples", DefaultValueFactory = _ => "1s" };
        Option<string> names = new("--names") { HelpName = "NAMES", Description = "Names of meminfo's figures in /metrics: node_exporter, or snake for checkers that insist on snake case", DefaultValueFactory = _ => "node_exporter" };
        SourceOptionSet source = new();
        Command verb = new(Name, Does);
        verb.Options.Add(listen);
        verb.Options.Add(interval);
        verb.Options.Add(names);
        source.AddTo(verb);
        verb.Options.Add(CommonOptions.NoColour);
        verb.SetAction((parse, cancel) =>
        {
            (string host, int port) = Address(parse.GetValue(listen)!);
            TimeSpan every = OptionText.Interval("--interval", parse.GetValue(interval)!);
            MetricNaming naming = MetricNamings.Parse(OptionText.OneOf("--names", parse.GetValue(names)!, "node_exporter", "snake")) ?? MetricNaming.NodeExporter;
            SourceRequest wanted = source.Read(parse) with { Interval = every, NeedsCgroups = false };
            return new LiveServer(console, services()).RunAsync(new ServeRequest { Source = wanted, Host = host, Port = port, Interval = every, Names = naming }, cancel);
        });
        return verb;
    }

    private static (string Host, int Port) Address(string text)
    {
        int colon = text.LastIndexOf(':');
        bool known = int.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out int port) && port is > 0 and < 65536;
        return known ? (colon <= 0 ? "127.0.0.1" : text[..colon].Trim('[', ']'), port)
            : throw CliException.Usage($"--listen '{text}' is not an address: use 127.0.0.1:9477, or only a port");
    }
}
