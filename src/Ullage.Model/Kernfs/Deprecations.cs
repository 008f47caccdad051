using Ullage.Abi;
using Ullage.Model.Tracing;

namespace Ullage.Model.Kernfs;

/// <summary>Warnings of files that are to go: each is said once since boot.</summary>
[Kernel("pr_warn_once", "include/linux/printk.h")]
internal sealed class Deprecations(Machine machine)
{
    private readonly HashSet<string> _said = []; // looked up, never walked

    public void Warn(string? text)
    {
        if (text is not null && _said.Add(text))
        {
            machine.Log.Write(PrintkLevel.Warning, text);
        }
    }
}
