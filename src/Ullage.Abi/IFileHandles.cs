namespace Ullage.Abi;

/// <summary>A kernel whose files can be held, as a recording's can. Optional beside <see cref="IKernelFiles"/>: whoever reads a file again and again saves looking for its path.</summary>
public interface IFileHandles
{
    /// <summary>The file of a path; null when there is none now.</summary>
    IFileHandle? Handle(string path);
}

/// <summary>A file that is held.</summary>
public interface IFileHandle
{
    /// <summary>False when the path has no file, or another one, by now: ask for it again.</summary>
    bool IsCurrent { get; }

    /// <summary>Reads it as it is now.</summary>
    KernelRead Read();
}
