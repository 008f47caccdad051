using Ullage.Insight.Pages;

namespace Ullage.Cli.Reports;

/// <summary>A report as text.</summary>
internal static class PageText
{
    public static string Of(ReportPage page)
    {
        using StringWriter writer = new() { NewLine = "\n" };
        HtmlPage.Write(page, writer);
        return writer.ToString();
    }
}
