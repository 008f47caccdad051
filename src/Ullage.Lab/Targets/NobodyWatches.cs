using Ullage.Abi;
using Ullage.Lab.Results;

namespace Ullage.Lab.Targets;

/// <summary>An observer that looks at nothing; derive from it to look at something.</summary>
public class NobodyWatches : IRunObserver
{
    /// <inheritdoc/>
    public virtual void OnStart(string target, string kernel, IKernelFiles files)
    {
    }

    /// <inheritdoc/>
    public virtual void OnProgress(long tNs, IKernelFiles files)
    {
    }

    /// <inheritdoc/>
    public virtual void OnKernelLog(DmesgLine line)
    {
    }

    /// <inheritdoc/>
    public virtual void OnProcessEnded(long tNs, ProcessResult process)
    {
    }
}
