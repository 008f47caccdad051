using System.Net;
using System.Text;
using Ullage.Abi.Files;
using Ullage.Cli.Reports;
using Ullage.Cli.Sources;
using Ullage.Cli.Terminal;
using Ullage.Insight.Pages;
using Ullage.Insight.Timelines;
using Ullage.Observe.Host;
using Ullage.Observe.Metrics;
using Ullage.Observe.Sampling;

namespace Ullage.Cli.Serve;

/// <summary>What a command line asks <c>serve</c> to do.</summary>
internal sealed record ServeRequest
{
    public required SourceRequest Source { get; init; }
    public required string Host { get; init; }
    public required int Port { get; init; }
    public required TimeSpan Interval { get; init; }
    /// <summary>The names of <c>/metrics</c> without <c>?names=</c>.</summary>
    public MetricNaming Names { get; init; }
}

/// <summary>
/// Samples at every interval and answers over HTTP: <c>/metrics</c> for Prometheus, <c>/</c> the live page, <c>/live.json</c> its charts. It only ever answers GET and
/// reads nothing on request: what is asked for often costs no more.
/// </summary>
internal sealed class LiveServer(CliConsole console, CliServices services)
{
    private const int ManyCgroups = 100;
    private const int MostLogLines = 2000;
    private readonly Lock _gate = new();
    private readonly List<(long TNs, string Text)> _log = [];
    private Timeline _timeline = new(null);
    private string _metrics = "# EOF\n";
    private string _name = "";
    private long _firstNs = -1;
    private DateTimeOffset _firstAt;
    private bool _live;
    private MetricNaming _names;

    public async Task<int> RunAsync(ServeRequest request, CancellationToken cancel)
    {
        using ISampleSource source = services.Source?.Invoke(request.Source) ?? SampleSources.Open(request.Source, services);
        using KernelLogReader? log = source.IsLive ? new KernelLogReader() : null;
        using HttpListener listener = Listen(request);
        _name = source.Name;
        _live = source.IsLive;
        _names = request.Names;
        CgroupMount? mount = source.Mounts.Memory;
        MemoryHierarchy? hierarchy = mount is null ? null : new MemoryHierarchy(mount.Version, mount.MountPoint);
        int cgroups = hierarchy?.Walk(source.Files).Count ?? 0;
        _timeline = new Timeline(hierarchy, 600, cgroups > ManyCgroups ? 120 : 600);
        Sample sample = new();
        Take(source, sample, log);
        console.WriteLine($"{source.Name}: http://{request.Host}:{request.Port}/ (live page), http://{request.Host}:{request.Port}/metrics (Prometheus); Ctrl-C ends it");
        Task answering = AnswerAsync(listener, cancel);
        SampleLoop loop = new(services.Time, request.Interval, null);
        try
        {
            await loop.WaitAsync(live: true, cancel).ConfigureAwait(false); // the first one is taken
            while (!answering.IsCompleted)
            {
                await loop.WaitAsync(live: true, cancel).ConfigureAwait(false);
                Take(source, sample, log);
            }
        }
        finally
        {
            listener.Stop();
        }
        await answering.ConfigureAwait(false);
        return ExitCodes.Ok;
    }

    private static HttpListener Listen(ServeRequest request)
    {
        HttpListener listener = new();
        string host = request.Host is "0.0.0.0" or "::" or "*" ? "*" : request.Host.Contains(':', StringComparison.Ordinal) ? $"[{request.Host}]" : request.Host;
        listener.Prefixes.Add(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"http://{host}:{request.Port}/"));
        try
        {
            listener.Start();
            return listener;
        }
        catch (Exception failure) when (failure is HttpListenerException or System.Net.Sockets.SocketException)
        {
            listener.Close();
            throw CliException.NoData($"cannot listen on {request.Host}:{request.Port}: {failure.Message.TrimEnd('.')}: choose another port with --listen 127.0.0.1:PORT, or end what uses it");
        }
    }

    private void Take(ISampleSource source, Sample sample, KernelLogReader? log)
    {
        if (!source.Next(sample, out _))
        {
            return; // a recording or a scenario ended: what was shown last stays
        }
        string metrics = OpenMetricsText.Write(sample);
        string[] cgroups = [.. Enumerable.Range(0, sample.Count).Select(row => sample[row].Path).Where(path => path != "/")];
        lock (_gate)
        {
            if (_firstNs < 0)
            {
                _firstNs = sample.TimeNs;
                _firstAt = sample.At;
            }
            long now = sample.TimeNs - _firstNs;
            _metrics = metrics;
            _timeline.Sample(now, source.Files, cgroups, slabs: _timeline.Samples % 10 == 0);
            foreach (KmsgRecord record in log?.Poll() ?? [])
            {
                _log.AddRange(record.Text.TrimEnd('\n').Split('\n').Select(line => (now, line)));
            }
            if (_log.Count > MostLogLines)
            {
                _log.RemoveRange(0, _log.Count - MostLogLines);
            }
        }
    }

    private async Task AnswerAsync(HttpListener listener, CancellationToken cancel)
    {
        while (listener.IsListening)
        {
            HttpListenerContext context;
            try
            {
                context = await listener.GetContextAsync().ConfigureAwait(false);
            }
            catch (Exception ended) when (ended is HttpListenerException or ObjectDisposedException or InvalidOperationException)
            {
                return;
            }
            _ = Task.Run(() => Answer(context), cancel);
        }
    }

    private void Answer(HttpListenerContext context)
    {
        try
        {
            (int status, string type, byte[] body) = context.Request.HttpMethod is not ("GET" or "HEAD") ? (405, "text/plain; charset=utf-8", "only GET\n"u8.ToArray()) : Body(context.Request.Url!.AbsolutePath, context.Request.QueryString["names"], context.Request.Headers["Accept"] ?? "");
            HttpListenerResponse response = context.Response;
            response.StatusCode = status;
            response.ContentType = type;
            response.Headers["X-Content-Type-Options"] = "nosniff";
            response.Headers["Cache-Control"] = "no-store";
            response.ContentLength64 = body.Length;
            if (context.Request.HttpMethod != "HEAD")
            {
                response.OutputStream.Write(body);
            }
            response.Close();
        }
        catch (Exception gone) when (gone is HttpListenerException or IOException or ObjectDisposedException or InvalidOperationException)
        {
            // The client went away.
        }
    }

    private (int Status, string Type, byte[] Body) Metrics(string? names, string accept)
    {
        if ((names is null ? _names : MetricNamings.Parse(names)) is not MetricNaming naming)
        {
            return (400, "text/plain; charset=utf-8", "names= must be node_exporter or snake\n"u8.ToArray());
        }
        string metrics;
        lock (_gate)
        {
            metrics = _metrics;
        }
        metrics = MetricNamings.Apply(metrics, naming);
        return accept.Contains("application/openmetrics-text", StringComparison.Ordinal)
            ? (200, OpenMetricsText.ContentType, Encoding.UTF8.GetBytes(metrics))
            : (200, PrometheusText.ContentType, Encoding.UTF8.GetBytes(PrometheusText.Of(metrics)));
    }

    private (int Status, string Type, byte[] Body) Body(string path, string? names, string accept)
    {
        switch (path)
        {
            case "/metrics":
                return Metrics(names, accept);
            case "/live.json":
                using (MemoryStream json = new())
                {
                    lock (_gate)
                    {
                        ChartJson.Write(json, Page().Runs, "/live.json");
                    }
                    return (200, "application/json", json.ToArray());
                }
            case "/":
                lock (_gate)
                {
                    return (200, "text/html; charset=utf-8", Encoding.UTF8.GetBytes(PageText.Of(Page())));
                }
            default:
                return (404, "text/plain; charset=utf-8", "there is /, /metrics and /live.json\n"u8.ToArray());
        }
    }

    private ReportPage Page() => new()
    {
        Title = _name,
        Verdict = $"{_name}: {Amounts.Count(_timeline.Cgroups.Count, "cgroup")}"
            + (_live ? $", watched since {_firstAt.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss 'UTC'", System.Globalization.CultureInfo.InvariantCulture)}." : ", in its own time."),
        Command = console.CommandLine,
        LiveUrl = "/live.json",
        Runs =
        [
            new ReportRun
            {
                Name = _name,
                Timeline = _timeline,
                Events = KernelEvents.Of(_log),
                EpochNs = _live ? (_firstAt.UtcDateTime - DateTime.UnixEpoch).Ticks * 100 : null, // the model and recordings have a time of their own
            },
        ],
    };
}
