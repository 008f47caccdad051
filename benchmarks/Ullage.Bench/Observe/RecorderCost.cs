using System.Globalization;
using Ullage.Observe.Host;
using Ullage.Recording;
using Ullage.Recording.Writing;

namespace Ullage.Bench.Observe;

/// <summary>A recording of this host into a temporary file, as <c>ullage record</c> makes it.</summary>
internal sealed class RecorderCost : IDisposable
{
    private const long FiveSecondsNs = 5_000_000_000;
    private readonly string _path = Path.Combine(Path.GetTempPath(), string.Create(CultureInfo.InvariantCulture, $"ullage-bench-pairs-{Environment.ProcessId}.ullage"));
    private readonly RecordingWriter _writer;
    private readonly Recorder _recorder;
    private long _timeNs;

    public RecorderCost(HostFiles host, CgroupMounts mounts)
    {
        _writer = RecordingWriter.Create(_path, new RecordingMeta { Target = "host", Name = "bench", Kernel = "" });
        _recorder = new Recorder(host, _writer, mounts);
    }

    /// <summary>Processor time of so many samples, in nanoseconds; times in the recording are 5 s apart.</summary>
    public long Measure(int samples)
    {
        long began = OtherTools.ThreadCpuNs();
        for (int i = 0; i < samples; i++)
        {
            _recorder.Sample(_timeNs += FiveSecondsNs);
        }
        return OtherTools.ThreadCpuNs() - began;
    }

    public void Dispose()
    {
        _recorder.Dispose();
        _writer.Dispose();
        File.Delete(_path);
    }
}
