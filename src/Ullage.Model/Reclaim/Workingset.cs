using Ullage.Model.Charging;
using Ullage.Model.Pages;

namespace Ullage.Model.Reclaim;

/// <summary>Refault distances.</summary>
internal sealed class Workingset(Machine machine)
{
    private readonly Machine _machine = machine;
    public long Eviction(int frame, MemCgroup? target) => (_machine.Frames.Memcg(frame) * 2L) + (target?.Id ?? 0);

    public void Refault(int frame, long shadow) => _machine.Vm.Add(VmItem.WorkingsetRefaultFile, frame >= 0 && shadow >= 0 ? 1 : 0);
}
