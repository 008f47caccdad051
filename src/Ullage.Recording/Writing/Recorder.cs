using Ullage.Abi;
using Ullage.Observe.Host;
using Ullage.Observe.Sampling;

namespace Ullage.Recording.Writing;

/// <summary>Records a kernel: reads its files and writes them as samples. On a host descriptors are kept.</summary>
public sealed class Recorder : IDisposable
{
    private const long PressureEveryNs = 99_000_000; // an interval of 100 ms is not always whole
    private const long SecondNs = 990_000_000;
    private const int SlowEvery = 12;
    private const int FewCgroups = 100;
    private readonly RecordingWriter _writer;
    private readonly ReadBuffer _buffer = new();
    private readonly RecordedMachine _machine;
    private readonly RecordedTree? _tree;
    private long _pressureNs = long.MinValue / 2;
    private long _secondNs = long.MinValue / 2;
    private readonly bool _readsByPath; // of a model: reading costs little there
    private int _sample;

    /// <summary>Begins; nothing is read yet.</summary>
    /// <param name="files">The kernel.</param>
    /// <param name="writer">Where to write; closed by whoever made it.</param>
    /// <param name="mounts">Where its cgroups are; null = found from the kernel's own files.</param>
    public Recorder(IKernelFiles files, RecordingWriter writer, CgroupMounts? mounts = null)
    {
        CgroupMounts found = mounts ?? CgroupMounts.Find(files);
        _writer = writer;
        _readsByPath = files is not HostFiles;
        _machine = new RecordedMachine(files, writer, _buffer);
        _tree = found.Memory is CgroupMount mount ? new RecordedTree(files, found, mount, writer, _buffer) : null;
    }

    /// <summary>Cgroups in the last sample.</summary>
    public int Cgroups => _tree?.Count ?? 0;

    /// <summary>Takes one sample and writes it.</summary>
    /// <param name="timeNs">Its time on the recording's clock.</param>
    /// <param name="alarm">Something happened just now, or this is the end: settings and pressure are read again, too, however short the time since the last sample.</param>
    public void Sample(long timeNs, bool alarm = false)
    {
        // Reading a pressure file makes the kernel collect, in whole ticks: it must not be asked at every moment.
        bool pressure = alarm || timeNs - _pressureNs >= PressureEveryNs;
        _pressureNs = pressure ? timeNs : _pressureNs;
        bool second = alarm || _readsByPath || timeNs - _secondNs >= SecondNs;
        _secondNs = second ? timeNs : _secondNs;
        bool slow = _sample % SlowEvery == 0 || (_readsByPath && Cgroups <= FewCgroups);
        Pass pass = new(_sample, _writer.BlockIsDue, pressure, second, alarm || _readsByPath, slow);
        _writer.BeginSample();
        _machine.Sample(pass);
        _tree?.Sample(pass);
        _writer.EndSample(timeNs);
        _sample++;
    }

    /// <summary>Closes all descriptors.</summary>
    public void Dispose()
    {
        _tree?.Dispose();
        _machine.Dispose();
        _buffer.Return();
    }
}
