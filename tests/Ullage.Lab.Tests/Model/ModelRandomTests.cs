using Ullage.Lab.Results;
using Ullage.Lab.Scenarios;
using Ullage.Lab.Targets;
using Ullage.Lab.Targets.Model;
using Ullage.Model;

namespace Ullage.Lab.Tests.Model;

/// <summary>Whatever processes do, the machine's books balance, the run ends, and it replays.</summary>
public sealed class ModelRandomTests
{
    private const int Seeds = 12;

    [Theory, MemberData(nameof(ModelRuns.ErasAndVersions), MemberType = typeof(ModelRuns))]
    public void RandomScenariosKeepTheInvariantsAndReplay(string era, int version)
    {
        for (int seed = 0; seed < Seeds; seed++)
        {
            Scenario scenario = new RandomScenario((seed * 100) + era.Length + era[^1], version).Make();
            Run(scenario, era, seed).ShouldBe(Run(scenario, era, seed), $"seed {seed}");
        }
    }

    private static string Run(Scenario scenario, string era, int seed)
    {
        Machine? machine = null;
        try
        {
            RunResult result = ModelRuns.Run(scenario, new ModelTarget { OnBooted = booted => machine = booted }, era, (ulong)seed);
            machine!.Verify();
            return ModelRuns.Json(result);
        }
        catch (TargetUnavailableException cannotEnter) when (cannotEnter.ExitCode == 3)
        {
            return cannotEnter.Message; // /c was removed before a process could enter it
        }
        catch (InvariantException broken)
        {
            throw new InvariantException($"era {era} seed {seed}: {broken.Message}");
        }
    }
}
