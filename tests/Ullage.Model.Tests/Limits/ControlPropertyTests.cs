using FsCheck;
using FsCheck.Fluent;
using Ullage.Model.Eras;

namespace Ullage.Model.Tests.Limits;

/// <summary>
/// Any sequence of control writes, moves, charges of every kind, uncharges and removals, on every era and both cgroup versions: each answers with an errno
/// or succeeds, nothing throws, every invariant holds after each, and when all is given back nothing is left.
/// </summary>
public sealed class ControlPropertyTests
{
    /// <summary>For a long run: how many times as many sequences are tried, other ones each time.</summary>
    private static int Times => int.TryParse(Environment.GetEnvironmentVariable("ULLAGE_PROPERTY_TIMES"), out int times) ? times : 1;

    [Theory]
    [MemberData(nameof(Workloads.Eras), MemberType = typeof(Workloads))]
    public void AnySequence_KeepsEveryInvariant_AndThrowsNothing(string era)
    {
        Gen<(int Version, int[] Numbers)> cases =
            from version in Gen.Choose(1, 2)
            from numbers in Gen.ArrayOf(Gen.Choose(0, int.MaxValue - 1), 90)
            select (version, numbers);
        ControlTally tally = new();
        Config config = Config.QuickThrowOnFailure.WithMaxTest(24 * Times);
        Check.One(Times == 1 ? config.WithReplay(20151105, 31) : config, Prop.ForAll(cases.ToArbitrary(), c =>
        {
            Machine machine = Boot(Workloads.Era(era), c.Version, c.Numbers);
            ControlPlayer player = new(machine, tally);
            try
            {
                player.Begin();
                foreach (int number in c.Numbers)
                {
                    player.Play(number);
                    machine.Verify();
                }
                player.EndAll();
                machine.Verify();
                return player.NothingIsLeft();
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"{e.Message}, on {era} with cgroup v{c.Version}, after {string.Join("; ", player.Story)}", e);
            }
        }));
        tally.Writes.ShouldBeGreaterThan(200);
        tally.Refused.ShouldBeInRange(tally.Writes / 20, tally.Writes * 9 / 10, "good and bad values must be tried");
        tally.Moves.ShouldBeGreaterThan(20);
        tally.Removals.ShouldBeGreaterThan(5);
        tally.Sockets.ShouldBeGreaterThan(5);
        tally.SwappedOut.ShouldBeGreaterThan(0);
        tally.FilePages.ShouldBeGreaterThan(100);
    }

    private static Machine Boot(KernelEra era, int version, int[] numbers) => Machine.Boot(new MachineOptions
    {
        Era = era, CgroupVersion = version, Seed = (ulong)numbers[0], MemoryBytes = 64 << 20, Cpus = 1 + (numbers[1] % 3),
        SwapBytes = numbers[2] % 3 * 6L << 20, RootUseHierarchy = numbers[3] % 4 > 0,
        V1Hierarchies = numbers[4] % 2 == 0 || era.Life.PidsFiles.Count == 0 ? ["memory"] : ["memory,pids", "name=systemd"],
        MemoryRecursiveProt = version == 2 && era.Limits.RecursiveProtOption && numbers[5] % 2 == 0,
        MemoryLocalEvents = version == 2 && era.Limits.LocalEventsOption && numbers[6] % 4 == 0,
    });
}
