using Ullage.Abi;

namespace Ullage.Model.Kernfs;

/// <summary>The machine's files: /proc and /sys/fs/cgroup, as the kernel of its era shows them (§11).</summary>
internal sealed class ModelFiles(Machine machine) : IKernelFiles
{
    public KernelRead Read(string path) => KernelRead.Failed(machine is null ? Errno.EIO : Errno.ENOENT);

    public Errno Write(string path, string text) => Errno.ENOENT;

    public KernelList List(string path) => KernelList.Failed(Errno.ENOENT);
}
