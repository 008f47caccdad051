using System.Xml.Linq;

namespace Ullage.Tidy.Rules;

/// <summary>Who may reference whom, as docs/architecture.md draws it. Data travels forward; Model and Observe never see each other.</summary>
internal static class Directions
{
    private static readonly Dictionary<string, string[]> MayReference = new(StringComparer.Ordinal)
    {
        ["Ullage.Abi"] = [],
        ["Ullage.Model"] = ["Ullage.Abi"],
        ["Ullage.Observe"] = ["Ullage.Abi"],
        ["Ullage.Recording"] = ["Ullage.Observe", "Ullage.Abi"],
        ["Ullage.Lab"] = ["Ullage.Model", "Ullage.Observe", "Ullage.Abi"],
        ["Ullage.Insight"] = ["Ullage.Recording", "Ullage.Lab", "Ullage.Observe", "Ullage.Abi"],
        ["Ullage.Cli"] = ["Ullage.Abi", "Ullage.Model", "Ullage.Observe", "Ullage.Recording", "Ullage.Lab", "Ullage.Insight"],
    };

    // Kernel text, the model and the sampler must stay free of what others bring; analyzers do not ship.
    private static readonly string[] WithoutPackages = ["Ullage.Abi", "Ullage.Model", "Ullage.Observe", "Ullage.Recording", "Ullage.Insight"];

    public static IEnumerable<string> Check(string path, string project)
    {
        string name = Path.GetFileNameWithoutExtension(path);
        if (!MayReference.TryGetValue(name, out string[]? allowed))
        {
            yield return $"{path}: a project that architecture.md does not draw: draw it there and in {nameof(Directions)} first";
            yield break;
        }

        XDocument document = XDocument.Parse(project);
        foreach (string reference in document.Descendants("ProjectReference").Select(Included).Select(Path.GetFileNameWithoutExtension).OfType<string>())
        {
            if (!allowed.Contains(reference, StringComparer.Ordinal))
            {
                yield return $"{path}: {name} references {reference}: it may reference {(allowed.Length == 0 ? "nothing" : string.Join(", ", allowed))}";
            }
        }

        foreach (XElement package in document.Descendants("PackageReference"))
        {
            if (WithoutPackages.Contains(name, StringComparer.Ordinal) && package.Attribute("PrivateAssets")?.Value != "all")
            {
                yield return $"{path}: {name} ships the package {Included(package)}: this room stands on the runtime alone";
            }
        }
    }

    private static string Included(XElement element) => element.Attribute("Include")?.Value.Replace('\\', '/') ?? "";
}
