using System.Globalization;

namespace Ullage.Insight.Pages;

/// <summary>Draws call stacks as a flame graph that hangs down: the outermost function on top, each as wide as its share of the calls.</summary>
internal static class FlameGraph
{
    private const int RowPixels = 20;
    private const double Narrowest = 0.0005;

    private sealed class Node(string name)
    {
        public string Name { get; } = name;
        public long Count { get; set; }
        public SortedDictionary<string, Node> Children { get; } = new(StringComparer.Ordinal);
    }

    public static void Write(Html html, string function, IReadOnlyList<ReportStack> stacks)
    {
        Node all = new(function + ", all calls");
        foreach (ReportStack stack in stacks)
        {
            Node at = all;
            at.Count += stack.Count;
            foreach (string frame in stack.Frames.Reverse())
            {
                if (!at.Children.TryGetValue(frame, out Node? child))
                {
                    child = new Node(frame);
                    at.Children.Add(frame, child);
                }
                child.Count += stack.Count;
                at = child;
            }
        }
        int depth = stacks.Count == 0 ? 0 : stacks.Max(stack => stack.Frames.Count);
        html.Raw(string.Create(CultureInfo.InvariantCulture, $"<div class=\"flame\" role=\"group\" style=\"height:{(depth + 1) * RowPixels}px\">"));
        Write(html, all, all.Count, 0, 1, 0);
        html.Raw("</div>\n");
    }

    private static void Write(Html html, Node node, long total, double left, double width, int depth)
    {
        if (width < Narrowest || total == 0)
        {
            return;
        }
        string share = (100.0 * node.Count / total).ToString("0.#", CultureInfo.InvariantCulture);
        string title = string.Create(CultureInfo.InvariantCulture, $"{node.Name}: {node.Count} of {total} calls, {share} %");
        html.Raw(string.Create(CultureInfo.InvariantCulture,
            $"<button class=\"frame\" data-left=\"{left:0.######}\" data-width=\"{width:0.######}\" style=\"left:{left * 100:0.####}%;width:{width * 100:0.####}%;top:{depth * RowPixels}px;background:{Colour(node.Name)}\" "));
        html.Raw(Html.Attribute("title", title)).Raw(" ").Raw(Html.Attribute("aria-label", title)).Raw(">").Text(node.Name).Raw("</button>");
        double at = left;
        foreach (Node child in node.Children.Values)
        {
            double part = (double)child.Count / total;
            Write(html, child, total, at, part, depth + 1);
            at += part;
        }
    }

    // The same function has the same warm colour everywhere.
    private static string Colour(string name)
    {
        uint hash = 2166136261;
        foreach (char each in name)
        {
            hash = (hash ^ each) * 16777619;
        }
        return string.Create(CultureInfo.InvariantCulture, $"hsl({18 + (hash % 34)} {62 + (hash / 64 % 22)}% {66 + (hash / 4096 % 12)}%)");
    }
}
