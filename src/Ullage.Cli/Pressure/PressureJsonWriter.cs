using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Ullage.Cli.Terminal;
using Ullage.Observe.Readings;
using Ullage.Observe.Sampling;

namespace Ullage.Cli.Pressure;

/// <summary>One object for each interval, one per line or all in one array. Null is unavailable.</summary>
internal sealed class PressureJsonWriter(CliConsole console, bool lines) : PressureWriter(console)
{
    private bool _begun;

    public override void Write(ISampleSource source, Reading reading, int row)
    {
        string json = Json(reading, row);
        if (lines)
        {
            Console.WriteLine(json);
            return;
        }
        Console.Out.Write(_begun ? ",\n" + json : "[\n" + json);
        _begun = true;
    }

    public override void End()
    {
        if (!lines)
        {
            Console.WriteLine(_begun ? "\n]" : "[]");
        }
    }

    private static string Json(Reading reading, int row)
    {
        using MemoryStream buffer = new();
        using (Utf8JsonWriter json = new(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            json.WriteString("schema", "ullage/pressure/1");
            json.WriteString("ts", reading.Now.At.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture));
            json.WriteNumber("seconds", Math.Round(reading.Seconds, 6));
            foreach (StallLine line in Lines(reading, row))
            {
                json.WriteStartObject(line.Cgroup is null ? "system" : "cgroup");
                One(json, line, WhyNot(reading, line.Cgroup is null ? -1 : row));
                json.WriteEndObject();
            }
            json.WriteEndObject();
        }
        return Encoding.UTF8.GetString(buffer.ToArray());
    }

    private static void One(Utf8JsonWriter json, StallLine line, string whyNot)
    {
        if (line.Cgroup is not null)
        {
            json.WriteString("path", line.Cgroup);
        }
        Number(json, "some_percent", line.SomePercent);
        Number(json, "full_percent", line.FullPercent);
        Number(json, "some_avg10", line.SomeAvg10);
        Number(json, "full_avg10", line.FullAvg10);
        json.WriteStartObject("per_second");
        foreach ((string name, double? rate) in line.Rates)
        {
            Number(json, name, rate);
        }
        json.WriteEndObject();
        json.WriteStartArray("causes");
        foreach (string cause in line.Causes)
        {
            json.WriteStringValue(cause);
        }
        json.WriteEndArray();
        if (whyNot.Length > 0)
        {
            json.WriteString("unavailable", whyNot);
        }
    }

    private static void Number(Utf8JsonWriter json, string name, double? value)
    {
        if (value is double known)
        {
            json.WriteNumber(name, Math.Round(known, 4));
        }
        else
        {
            json.WriteNull(name);
        }
    }
}

/// <summary>A line for the machine (empty cgroup) and one for the cgroup, each interval.</summary>
internal sealed class PressureCsvWriter(CliConsole console) : PressureWriter(console)
{
    private bool _begun;

    public override void Write(ISampleSource source, Reading reading, int row)
    {
        foreach (StallLine line in Lines(reading, row))
        {
            if (!_begun)
            {
                Console.WriteLine("time,seconds,cgroup,some_percent,full_percent,some_avg10,full_avg10,direct,kswapd,refault,majflt,swapin,causes");
                _begun = true;
            }
            Console.WriteLine(string.Join(',',
                reading.Now.At.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture), Number(reading.Seconds), Csv.Quoted(line.Cgroup ?? ""),
                Number(line.SomePercent), Number(line.FullPercent), Number(line.SomeAvg10), Number(line.FullAvg10),
                string.Join(',', line.Rates.Take(5).Select(rate => Number(rate.PerSecond))), Csv.Quoted(string.Join("; ", line.Causes))));
        }
    }

    private static string Number(double? value) => value is double known ? Math.Round(known, 4).ToString(CultureInfo.InvariantCulture) : "";
}
