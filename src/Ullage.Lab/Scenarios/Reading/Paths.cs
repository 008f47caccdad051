namespace Ullage.Lab.Scenarios.Reading;

/// <summary>Paths of files.</summary>
internal static class AbsolutePaths
{
    /// <summary>The path, or nothing after a mistake.</summary>
    public static string Required(MapReader map, string key, string what)
    {
        string path = map.RequiredText(key, what);
        if (path.Length > 0 && Judge(path) is string message)
        {
            map.Tell(key, message);
            return "";
        }

        return path;
    }

    public static string? Judge(string path) => path.StartsWith('/') ? null : $"{Quote.Text(path)} is not an absolute path: begin with '/'";
}

/// <summary>Paths of cgroups.</summary>
internal static class CgroupPath
{
    public static string Read(MapReader map, string key)
    {
        string path = map.RequiredText(key, "the path of a cgroup, such as /work");
        if (path.Trim().Length > 0 && Judge(path) is string message)
        {
            map.Tell(key, message);
            return "";
        }

        return path;
    }

    public static string? Judge(string path)
    {
        if (!path.StartsWith('/'))
        {
            return $"{Quote.Text(path)} is not the path of a cgroup: begin with '/'";
        }

        bool plain = path == "/" || Array.TrueForAll(path[1..].Split('/'), part => part is not ("" or "." or ".."));
        return plain ? null : $"{Quote.Text(path)} is not the path of a cgroup: write it without empty parts, '.' and '..'";
    }
}

/// <summary>Names of processes.</summary>
internal static class NewProcessName
{
    /// <summary>The kernel keeps 15 characters of a task's name.</summary>
    private const int Longest = 15;

    public static string Read(MapReader map)
    {
        string name = map.RequiredText("name", "a name for the process");
        if (name.Length > 0 && Judge(name) is string message)
        {
            map.Tell("name", message);
            return "";
        }

        return name;
    }

    /// <summary>The number of steps that the result will show; null when rounds decide it.</summary>
    public static int? FixedSteps(IReadOnlyList<Node> steps) =>
        steps.Any(step => step is MapNode map && map.Find("repeat") is not null) ? null : steps.Count;

    private static string? Judge(string name)
    {
        if (name == "self")
        {
            return "'self' means the process itself: choose another name";
        }

        if (name.Length > Longest)
        {
            return $"{Quote.Text(name)} is too long: the kernel keeps {Longest} characters of a process's name";
        }

        if (name.All(char.IsAsciiDigit))
        {
            return $"{Quote.Text(name)} is only digits: choose a name with a letter, so that --set can tell it from a position";
        }

        return name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.' or ':' or '{' or '}')
            ? null
            : $"{Quote.Text(name)} is not a name: use letters, digits, '-', '_', '.' and ':'";
    }
}
