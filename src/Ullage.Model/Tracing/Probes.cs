using System.Runtime.InteropServices;
using Ullage.Abi;
using Ullage.Model.Eras;

namespace Ullage.Model.Tracing;

/// <summary>How often a probed function was called from one call stack.</summary>
/// <param name="Function">The function's name in this era.</param>
/// <param name="Count">Calls.</param>
/// <param name="Frames">The stack, innermost first; the function is the first frame.</param>
public sealed record ProbeStack(string Function, long Count, IReadOnlyList<string> Frames);

/// <summary>Counts calls of kernel functions by their call stack, as <c>@[kstack] = count()</c> does. Without a probe it costs a predicted branch.</summary>
[Kernel("register_kprobe", "kernel/kprobes.c", Deviation = "A frame is the function's name without the offset: the model has no machine code.")]
public sealed class Probes
{
    private readonly Machine _machine;
    private readonly ProbeFrames _frames;
    private readonly bool[] _attached = new bool[(int)KernelFunction.Count];
    private readonly Dictionary<(KernelFunction Function, ulong Path), long> _counts = [];
    private readonly List<(KernelFunction Function, ulong Path)> _seen = []; // its keys, in the order of their first call

    internal Probes(Machine machine)
    {
        _machine = machine;
        _frames = new ProbeFrames(machine.Era, machine.Options.Glibc ?? machine.Era.Glibc);
    }

    /// <summary>Some function is probed.</summary>
    public bool Any { get; private set; }

    /// <summary>The functions that can be probed in this era, by name.</summary>
    public IReadOnlyList<string> Functions
    {
        get
        {
            List<string> names = [];
            for (int i = 0; i < (int)KernelFunction.Count; i++)
            {
                if (_frames.Exists((KernelFunction)i))
                {
                    names.Add(_frames.NameOf((KernelFunction)i));
                }
            }
            names.Sort(StringComparer.Ordinal);
            return names;
        }
    }

    /// <summary>Begins to count calls of a function; false when this era, or the model, has none of that name.</summary>
    public bool TryAttach(string function)
    {
        for (int i = 0; i < (int)KernelFunction.Count; i++)
        {
            if (_frames.Exists((KernelFunction)i) && IsCalled(_frames.NameOf((KernelFunction)i), function))
            {
                return Any = _attached[i] = true;
            }
        }
        return false;
    }

    /// <summary>The compiler may have given a function a suffix, such as <c>.part.0</c>: it is found without.</summary>
    private static bool IsCalled(string name, string asked) =>
        name == asked || (name.StartsWith(asked, StringComparison.Ordinal) && name.Length > asked.Length && name[asked.Length] == '.');

    /// <summary>A function is called. Callers ask <see cref="Any"/> first.</summary>
    internal void Hit(KernelFunction function)
    {
        if (!_attached[(int)function])
        {
            return;
        }
        (KernelFunction Function, ulong Path) key = (function, _machine.Path.Pack(_machine.Current is { InUserFault: true }));
        CollectionsMarshal.GetValueRefOrAddDefault(_counts, key, out bool wasThere)++;
        if (!wasThere)
        {
            _seen.Add(key);
        }
    }

    /// <summary>The histogram: by function in the order of their names, then from the rarest stack to the most frequent.</summary>
    public IReadOnlyList<ProbeStack> Stacks
    {
        get
        {
            List<ProbeStack> stacks = [];
            foreach ((KernelFunction Function, ulong Path) key in _seen)
            {
                KernelPath path = KernelPath.Unpack(key.Path, out bool inFault);
                Add(stacks, _frames.Of(key.Function, path, inFault), _counts[key]);
            }
            stacks.Sort(static (a, b) =>
            {
                int order = string.CompareOrdinal(a.Function, b.Function);
                order = order != 0 ? order : a.Count.CompareTo(b.Count);
                return order != 0 ? order : string.CompareOrdinal(string.Join(';', a.Frames), string.Join(';', b.Frames));
            });
            return stacks;
        }
    }

    private static void Add(List<ProbeStack> stacks, IReadOnlyList<string> frames, long count)
    {
        string joined = string.Join(';', frames);
        for (int i = 0; i < stacks.Count; i++)
        {
            if (string.Join(';', stacks[i].Frames) == joined)
            {
                stacks[i] = stacks[i] with { Count = stacks[i].Count + count };
                return;
            }
        }
        stacks.Add(new ProbeStack(frames[0], count, frames));
    }
}
