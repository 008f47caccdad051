using Ullage.Observe.Sampling;

namespace Ullage.Cli.Sources;

/// <summary>Waits between samples of a source that shows what is now; others give the next one at once.</summary>
internal sealed class SampleLoop(TimeProvider time, TimeSpan interval, int? count)
{
    private readonly long _began = time.GetTimestamp();
    private long _taken;

    /// <summary>True until the wanted number was taken.</summary>
    public bool WantsMore => count is not int most || _taken < most;

    /// <summary>Waits until the next is due. Counted from the beginning, so that the time of reading does not add up.</summary>
    public async Task WaitAsync(bool live, CancellationToken cancel)
    {
        TimeSpan wait = (_taken * interval) - time.GetElapsedTime(_began);
        if (live && wait > TimeSpan.Zero)
        {
            await Task.Delay(wait, time, cancel).ConfigureAwait(false);
        }
        cancel.ThrowIfCancellationRequested();
        _taken++;
    }
}
