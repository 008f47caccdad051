using System.Globalization;
using System.Text;
using Ullage.Abi;

namespace Ullage.Model.Cgroups;

/// <summary>A set of CPUs.</summary>
[Kernel("struct cpumask", "include/linux/cpumask.h")]
public sealed class CpuMask
{
    private readonly bool[] _has;

    internal CpuMask(bool[] has) => _has = has;

    /// <summary>No CPU.</summary>
    public static CpuMask None { get; } = new([]);

    /// <summary>CPUs from 0 on.</summary>
    public static CpuMask First(int count)
    {
        bool[] has = new bool[count];
        Array.Fill(has, true);
        return new CpuMask(has);
    }

    /// <summary>A CPU is in it.</summary>
    public bool Has(int cpu) => (uint)cpu < (uint)_has.Length && _has[cpu];

    /// <summary>None is in it.</summary>
    public bool IsEmpty => Array.IndexOf(_has, true) < 0;

    /// <summary>CPUs in both.</summary>
    public CpuMask And(CpuMask other)
    {
        ArgumentNullException.ThrowIfNull(other);
        bool[] both = new bool[Math.Min(_has.Length, other._has.Length)];
        for (int cpu = 0; cpu < both.Length; cpu++)
        {
            both[cpu] = _has[cpu] && other._has[cpu];
        }
        return new CpuMask(both);
    }

    /// <summary>All of it is in another one.</summary>
    public bool IsWithin(CpuMask other)
    {
        ArgumentNullException.ThrowIfNull(other);
        for (int cpu = 0; cpu < _has.Length; cpu++)
        {
            if (_has[cpu] && !other.Has(cpu))
            {
                return false;
            }
        }
        return true;
    }

    /// <summary>The same CPUs are in both.</summary>
    public bool IsSame(CpuMask other) => IsWithin(other) && other.IsWithin(this);

    /// <summary>As the kernel prints lists: <c>0-1,3</c>; empty when there is none.</summary>
    public override string ToString()
    {
        StringBuilder text = new();
        for (int cpu = 0; cpu < _has.Length; cpu++)
        {
            if (!_has[cpu])
            {
                continue;
            }
            int last = cpu;
            while (Has(last + 1))
            {
                last++;
            }
            text.Append(text.Length > 0 ? "," : "").Append(CultureInfo.InvariantCulture, $"{cpu}");
            text.Append(last > cpu ? "-" : "").Append(last > cpu ? last.ToString(CultureInfo.InvariantCulture) : "");
            cpu = last;
        }
        return text.ToString();
    }
}
