using System.Globalization;
using Ullage.Abi.Units;
using Ullage.Cli.Terminal;

namespace Ullage.Cli.Stat;

/// <summary>Comma-separated values with a header: bytes and counts; an empty field is unavailable, <c>max</c> is no limit.</summary>
internal sealed class StatCsvWriter(CliConsole console) : IStatWriter
{
    private bool _begun;

    public void Write(StatSample sample)
    {
        if (!_begun)
        {
            console.WriteLine("time,cgroup,usage_bytes,limit_bytes,ullage_bytes,binding_cgroup,anon_bytes,file_bytes,kernel_bytes,swap_bytes,failcnt,max_events,oom_kill_events,working_set_bytes,room_bytes");
            _begun = true;
        }
        console.WriteLine(string.Join(',',
            sample.At.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture), Csv.Quoted(sample.Cgroup),
            Number(sample.UsageBytes), Number(sample.Limit), Number(sample.UllageBytes), Csv.Quoted(sample.BindingCgroup ?? ""),
            Number(sample.AnonBytes), Number(sample.FileBytes), Number(sample.KernelBytes), Number(sample.SwapBytes),
            Number(sample.Failcnt), Number(sample.MaxEvents), Number(sample.OomKills),
            Number(sample.WorkingSetBytes), Number(sample.RoomBytes)));
    }

    public void End()
    {
    }

    private static string Number(long? value) => value?.ToString(CultureInfo.InvariantCulture) ?? "";

    private static string Number(Limit? limit) => limit is Limit known ? known.FormatV2() : "";
}
