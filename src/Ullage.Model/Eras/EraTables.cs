namespace Ullage.Model.Eras;

/// <summary>Text of OOM reports per era (§8.6, §12.7).</summary>
internal static class EraReports
{
    internal static readonly OomReportRules V4_1 = new()
    {
        Style = OomReportStyle.V4_1, CpuLineHasUid = false, TaskMarks = false, StatIsOneRecord = true, V1StatOnV1 = false, RssColumns = false,
        PgtablesLabelIsWrong = false, FailcntFromEvents = false, ScoreLine = true, FaultStack = [], ChargeStack = [], Banner = "4.1.3 #1",
    };
    internal static readonly OomReportRules V4_15 = V4_1 with { Style = OomReportStyle.V4_15, Banner = "4.15.0-20-generic #21-Ubuntu" };
    internal static readonly OomReportRules V4_19 = V4_15;
    internal static readonly OomReportRules V5_3 = V4_19 with { Style = OomReportStyle.V5_3, ScoreLine = false };
    internal static readonly OomReportRules V5_4 = V5_3;
    internal static readonly OomReportRules V5_10 = V5_4;
    internal static readonly OomReportRules V6_1 = V5_10;
    internal static readonly OomReportRules V6_12 = V6_1;
    internal static readonly OomReportRules V6_18 = V6_12;
}
