using Ullage.Lab.Targets;
using Ullage.Lab.Targets.Host;
using Ullage.Lab.Targets.Model;
using Xunit.Abstractions;

namespace Ullage.Conformance;

/// <summary>The model of 6.18.</summary>
public sealed class ModelArm(ITestOutputHelper output) : KernelConformance(output)
{
    protected override bool MaySkip => false;

    protected override ITarget? Target(out string? whyNot)
    {
        whyNot = null;
        return new ModelTarget();
    }
}

/// <summary>The kernel of this machine, where it is 6.18 or later and lets us make cgroups.</summary>
public sealed class HostArm(ITestOutputHelper output) : KernelConformance(output)
{
    protected override bool MaySkip => true;

    protected override ITarget? Target(out string? whyNot)
    {
        string release = File.Exists("/proc/sys/kernel/osrelease") ? File.ReadAllText("/proc/sys/kernel/osrelease").Trim() : "unknown";
        string[] parts = release.Split('.', '-');
        bool recent = parts.Length > 1 && int.TryParse(parts[0], out int major) && int.TryParse(parts[1], out int minor) && (major, minor).CompareTo((6, 18)) >= 0;
        whyNot = recent ? null : $"the bodies are those of 6.18, this kernel is {release}";
        return recent ? new HostTarget() : null;
    }
}
