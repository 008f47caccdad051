namespace Ullage.Recording.Tests;

/// <summary>A file name that is free; the file is gone afterwards.</summary>
internal sealed class TempFile : IDisposable
{
    public string Path { get; } = System.IO.Path.Combine(System.IO.Path.GetTempPath(), $"ullage-test-{Guid.NewGuid():n}.ullage");

    public void Dispose() => File.Delete(Path);
}
