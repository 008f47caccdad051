using System.Text;

namespace Ullage.Observe.Sampling;

/// <summary>A file that is read in the directory of every cgroup.</summary>
/// <param name="Name">Its name there.</param>
/// <param name="IsOneRecord">Whether one read(2) that does not fill its buffer has got all; tables that the kernel writes line by line come in several.</param>
internal sealed record WantedFile(string Name, bool IsOneRecord)
{
    /// <summary>The name as C wants it.</summary>
    internal byte[] NameZ { get; } = Encoding.ASCII.GetBytes(Name + "\0");
}
