using Ullage.Abi.Files;
using Ullage.Abi.Text;

namespace Ullage.Abi.Tests.Files;

/// <summary>The law of the room, for any text: what is understood is printed back byte for byte, and means the same when read again.</summary>
internal static class RoundTrip
{
    public static IReadOnlyDictionary<KernelFileKind, Func<string, ParseProblem>> Checks { get; } = new Dictionary<KernelFileKind, Func<string, ParseProblem>>
    {
        [KernelFileKind.FlatKeyed] = Check<FlatKeyed>,
        [KernelFileKind.SingleValue] = Check<SingleValue>,
        [KernelFileKind.MemInfo] = Check<MemInfo>,
        [KernelFileKind.ProcCgroups] = Check<ProcCgroups>,
        [KernelFileKind.TaskCgroups] = Check<TaskCgroups>,
        [KernelFileKind.Pressure] = Check<PressureFile>,
        [KernelFileKind.ProcStatus] = Check<ProcStatus>,
        [KernelFileKind.Statm] = Check<Statm>,
        [KernelFileKind.MountInfo] = Check<MountInfo>,
        [KernelFileKind.NumaStat] = Check<NumaStat>,
        [KernelFileKind.SlabInfo] = Check<SlabInfo>,
        [KernelFileKind.PidList] = Check<PidList>,
        [KernelFileKind.Swaps] = Check<SwapsFile>,
        [KernelFileKind.BuddyInfo] = Check<BuddyInfo>,
        [KernelFileKind.ZoneInfo] = Check<ZoneInfo>,
        [KernelFileKind.Words] = Check<WordLines>,
    };

    /// <summary>Holds the law and answers the problem, if any.</summary>
    public static ParseProblem Check<T>(string text)
        where T : class, IKernelText<T>
    {
        if (!T.TryParse(text, out T? value, out ParseProblem problem))
        {
            value.ShouldBeNull();
            problem.IsNone.ShouldBeFalse();
            problem.Line.ShouldBeInRange(1, text.Count(c => c == '\n') + 1);
            problem.What.ShouldNotBeNullOrWhiteSpace();
            return problem;
        }
        problem.ShouldBe(ParseProblem.None);
        string printed = value.Format();
        if (printed != text)
            throw new ShouldAssertException($"{typeof(T).Name} printed <{printed}> for <{text}>");
        T.TryParse(printed, out T? again, out _).ShouldBeTrue();
        if (!value.Equals(again) || value.GetHashCode() != again!.GetHashCode())
            throw new ShouldAssertException($"{typeof(T).Name} is not equal to itself read again from <{text}>");
        return problem;
    }

    public static T Parse<T>(string text)
        where T : class, IKernelText<T>
    {
        T.TryParse(text, out T? value, out ParseProblem problem).ShouldBeTrue(problem.ToString());
        return value!;
    }

    public static string Problem<T>(string text)
        where T : class, IKernelText<T>
    {
        T.TryParse(text, out _, out ParseProblem problem).ShouldBeFalse();
        return problem.ToString();
    }
}
