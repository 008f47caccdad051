using Ullage.Abi;

namespace Ullage.Cli.Tests.Support;

/// <summary>A kernel of a few files.</summary>
internal sealed class FakeFiles : IKernelFiles
{
    public Dictionary<string, string> Texts { get; } = [];

    public KernelRead Read(string path) => Texts.TryGetValue(path, out string? text) ? KernelRead.Of(text) : KernelRead.Failed(Errno.ENOENT);

    public Errno Write(string path, string text)
    {
        Texts[path] = text;
        return Errno.None;
    }

    public KernelList List(string path) => KernelList.Failed(Errno.ENOENT);
}
