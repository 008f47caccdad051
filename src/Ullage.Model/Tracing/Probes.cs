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
    private const int Radix = 16;

    private readonly Machine _machine;
    private readonly ProbeFrames _frames;
    private readonly bool[] _attached = new bool[(int)KernelFunction.Count];
    private readonly SortedDictionary<int, long> _counts = [];

    internal Probes(Machine machine)
    {
        _machine = machine;
        _frames = new ProbeFrames(machine.Era);
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
            if (_frames.Exists((KernelFunction)i) && _frames.NameOf((KernelFunction)i) == function)
            {
                return Any = _attached[i] = true;
            }
        }
        return false;
    }

    /// <summary>A function is called. Callers ask <see cref="Any"/> first.</summary>
    internal void Hit(KernelFunction function)
    {
        if (!_attached[(int)function])
        {
            return;
        }
        KernelPath path = _machine.Path;
        int key = (int)function;
        key = (key * Radix) + (int)path.Site;
        key = (key * Radix) + (int)path.Thing;
        key = (key * Radix) + (int)path.Entry;
        key = (key * 2) + (path.Throttle ? 1 : 0);
        key = (key * 2) + (path.KmemCounter ? 1 : 0);
        key = (key * 2) + (_machine.Current is { InUserFault: true } ? 1 : 0);
        _counts[key] = _counts.GetValueOrDefault(key) + 1;
    }

    /// <summary>The histogram: by function in the order of their names, then from the rarest stack to the most frequent.</summary>
    public IReadOnlyList<ProbeStack> Stacks
    {
        get
        {
            List<ProbeStack> stacks = [];
            foreach ((int key, long count) in _counts)
            {
                Add(stacks, FramesOf(key), count);
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

    private IReadOnlyList<string> FramesOf(int key)
    {
        bool inFault = key % 2 == 1;
        key /= 2;
        KernelPath path = new() { KmemCounter = key % 2 == 1 };
        key /= 2;
        path.Throttle = key % 2 == 1;
        key /= 2;
        path.Entry = (KernelEntry)(key % Radix);
        path.Thing = (ChargedThing)(key / Radix % Radix);
        path.Site = (KernelSite)(key / (Radix * Radix) % Radix);
        return _frames.Of((KernelFunction)(key / (Radix * Radix * Radix)), path, inFault);
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
