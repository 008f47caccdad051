using Ullage.Abi;

namespace Ullage.Model.Pressure;

/// <summary>What PSI knows of one task: as it is counted now, and as it will be when all changes that calls foresaw have come.</summary>
[Kernel("psi_flags", "include/linux/sched.h")]
internal struct PsiTaskState
{
    /// <summary>As it is counted in <see cref="Group"/> on <see cref="Cpu"/>.</summary>
    public PsiTask Counted;
    public int Cpu;
    public PsiGroup? Group;

    /// <summary>After the last foreseen change, which is at <see cref="ForeseenNs"/>.</summary>
    public PsiTask Foreseen;
    public int ForeseenCpu;
    public PsiGroup? ForeseenGroup;
    public long ForeseenNs;
}
