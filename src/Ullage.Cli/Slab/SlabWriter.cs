using System.Globalization;
using System.Text;
using System.Text.Json;
using Ullage.Abi.Files;
using Ullage.Cli.Terminal;
using Ullage.Cli.Verbs;
using Ullage.Observe.Fields;
using Ullage.Observe.Sampling;

namespace Ullage.Cli.Slab;

/// <summary>Writes tables of caches in one form.</summary>
internal abstract class SlabWriter(CliConsole console)
{
    protected CliConsole Console { get; } = console;

    public static SlabWriter For(WatchRequest request, CliConsole console, int lines) => request.Format switch
    {
        "json" => new SlabJsonWriter(console, lines: false),
        "ndjson" => new SlabJsonWriter(console, lines: true),
        "csv" => new SlabCsvWriter(console),
        "openmetrics" => new SlabOpenMetricsWriter(console),
        _ => new SlabTextWriter(console, lines, request.Quiet),
    };

    /// <summary>One moment.</summary>
    /// <param name="sample">What else is known at that moment.</param>
    /// <param name="row">The cgroup; -1 = the machine.</param>
    /// <param name="table">The caches.</param>
    public abstract void Write(Sample sample, int row, SlabTable table);

    public virtual void End()
    {
    }

    /// <summary>What the kernel says slab takes in sum, beside the caches: name and bytes.</summary>
    protected static IEnumerable<(string Name, long Bytes)> Totals(Sample sample, int row)
    {
        (string, Field)[] wanted = row < 0
            ? [("slab", HostFields.Slab), ("slab_reclaimable", HostFields.SReclaimable), ("slab_unreclaimable", HostFields.SUnreclaim)]
            : [("kernel", CgroupFields.Kernel), ("slab", CgroupFields.Slab), ("slab_reclaimable", CgroupFields.SlabReclaimable), ("slab_unreclaimable", CgroupFields.SlabUnreclaimable)];
        foreach ((string name, Field field) in wanted)
        {
            if ((row < 0 ? sample.HostValue(field) : sample.Value(field, row)) is long bytes)
            {
                yield return (name, bytes);
            }
        }
    }
}

/// <summary>Columns for people.</summary>
internal sealed class SlabTextWriter(CliConsole console, int lines, bool quiet) : SlabWriter(console)
{
    private const int NameWidth = 24;

    public override void Write(Sample sample, int row, SlabTable table)
    {
        if (!quiet)
        {
            string totals = string.Join(", ", Totals(sample, row).Select(total => $"{total.Name} {Amounts.Size(total.Bytes)}"));
            Wrapped($"{sample.At.ToString("HH:mm:ss", CultureInfo.InvariantCulture)} {(row < 0 ? "machine" : sample[row].Path)}: {(totals.Length > 0 ? totals : "totals unavailable")}", Tone.Plain);
        }
        if (table.Why.Length > 0)
        {
            Wrapped($"- caches unavailable: {table.Why}", Tone.Dim);
            return;
        }
        if (!quiet)
        {
            Console.WriteLine(Console.Paint($"{"cache",-NameWidth}    size  change  objects   active  use objsize   slabs", Tone.Dim));
        }
        foreach (SlabRow cache in table.Rows.Take(lines))
        {
            SlabInfoRow info = cache.Row;
            string name = info.Name.Length <= NameWidth ? info.Name.PadRight(NameWidth) : info.Name[..(NameWidth - 2)] + "..";
            Console.WriteLine($"{name}{Amounts.Size(cache.SizeBytes),8}{Change(cache.ChangeBytes),8}{Number(info.NumObjs),9}{Number(info.ActiveObjs),9}"
                + $"{Amounts.Percent(info.ActiveObjs, info.NumObjs),5}{Number(info.ObjSize),8}{Number(info.NumSlabs),8}");
        }
        if (!quiet && table.Rows.Count > lines)
        {
            Console.WriteLine(Console.Paint($"and {Amounts.Count(table.Rows.Count - lines, "more cache")} of {Amounts.Size(table.Rows.Skip(lines).Sum(cache => cache.SizeBytes))}: -n shows more", Tone.Dim));
        }
    }

    private void Wrapped(string text, Tone tone)
    {
        foreach (string line in TextWrap.Lines(text, Console.Width, 2))
        {
            Console.WriteLine(Console.Paint(line, tone));
        }
    }

    private static string Change(long? bytes) => bytes switch
    {
        null => "-",
        > 0 => "+" + Amounts.Size(bytes.Value),
        _ => Amounts.Size(bytes.Value),
    };

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);
}

/// <summary>One object for each moment (schema <c>ullage/slab/1</c>).</summary>
internal sealed class SlabJsonWriter(CliConsole console, bool lines) : SlabWriter(console)
{
    private bool _begun;

    public override void Write(Sample sample, int row, SlabTable table)
    {
        string json = Json(sample, row, table);
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

    private static string Json(Sample sample, int row, SlabTable table)
    {
        using MemoryStream buffer = new();
        using (Utf8JsonWriter json = new(buffer))
        {
            json.WriteStartObject();
            json.WriteString("schema", "ullage/slab/1");
            json.WriteString("ts", sample.At.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture));
            json.WriteString("cgroup", row < 0 ? null : sample[row].Path);
            foreach ((string name, long bytes) in Totals(sample, row))
            {
                json.WriteNumber(name, bytes);
            }
            if (table.Why.Length > 0)
            {
                json.WriteString("unavailable", table.Why);
            }
            json.WriteStartArray("caches");
            foreach (SlabRow cache in table.Rows)
            {
                json.WriteStartObject();
                json.WriteString("name", cache.Row.Name);
                json.WriteNumber("size", cache.SizeBytes);
                json.WriteNumber("active_objs", cache.Row.ActiveObjs);
                json.WriteNumber("num_objs", cache.Row.NumObjs);
                json.WriteNumber("objsize", cache.Row.ObjSize);
                json.WriteNumber("objperslab", cache.Row.ObjsPerSlab);
                json.WriteNumber("pagesperslab", cache.Row.PagesPerSlab);
                json.WriteNumber("num_slabs", cache.Row.NumSlabs);
                json.WriteEndObject();
            }
            json.WriteEndArray();
            json.WriteEndObject();
        }
        return Encoding.UTF8.GetString(buffer.ToArray());
    }
}

/// <summary>A line for each cache at each moment.</summary>
internal sealed class SlabCsvWriter(CliConsole console) : SlabWriter(console)
{
    private bool _begun;

    public override void Write(Sample sample, int row, SlabTable table)
    {
        if (!_begun)
        {
            Console.WriteLine("time,cgroup,cache,size_bytes,active_objs,num_objs,objsize,objperslab,pagesperslab,num_slabs");
            _begun = true;
        }
        if (table.Why.Length > 0)
        {
            Console.WriteError($"ullage: caches unavailable: {table.Why}");
        }
        string time = sample.At.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture);
        foreach (SlabRow cache in table.Rows)
        {
            SlabInfoRow info = cache.Row;
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{time},{Csv.Quoted(row < 0 ? "" : sample[row].Path)},{Csv.Quoted(info.Name)},{cache.SizeBytes},{info.ActiveObjs},{info.NumObjs},{info.ObjSize},{info.ObjsPerSlab},{info.PagesPerSlab},{info.NumSlabs}"));
        }
    }
}

/// <summary>The names of node_exporter's slabinfo collector; a cgroup's caches have its path as label <c>id</c>.</summary>
internal sealed class SlabOpenMetricsWriter(CliConsole console) : SlabWriter(console)
{
    private static readonly (string Name, string Help, Func<SlabInfoRow, long> Value)[] Metrics =
    [
        ("node_slabinfo_active_objects", "objects in use", row => row.ActiveObjs),
        ("node_slabinfo_objects", "objects there is room for", row => row.NumObjs),
        ("node_slabinfo_object_size_bytes", "bytes that each object takes", row => row.ObjSize),
        ("node_slabinfo_objects_per_slab", "objects in one slab", row => row.ObjsPerSlab),
        ("node_slabinfo_pages_per_slab", "pages in one slab", row => row.PagesPerSlab),
    ];

    public override void Write(Sample sample, int row, SlabTable table)
    {
        StringBuilder text = new();
        string id = row < 0 ? "" : $",id=\"{Escaped(sample[row].Path)}\"";
        foreach ((string name, string help, Func<SlabInfoRow, long> value) in table.Rows.Count > 0 ? Metrics : [])
        {
            text.Append("# TYPE ").Append(name).Append(" gauge\n# HELP ").Append(name).Append(' ').Append(help).Append('\n');
            foreach (SlabRow cache in table.Rows)
            {
                text.Append(CultureInfo.InvariantCulture, $"{name}{{slab=\"{Escaped(cache.Row.Name)}\"{id}}} {value(cache.Row)}\n");
            }
        }
        if (table.Why.Length > 0)
        {
            Console.WriteError($"ullage: caches unavailable: {table.Why}");
        }
        Console.Out.Write(text.Append("# EOF\n").ToString());
    }

    private static string Escaped(string label) => label.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal);
}
