using Ullage.Abi;

namespace Ullage.Model.Kernfs;

/// <summary>One own file of every process's directory in /proc, as the kernel's table of them would name it.</summary>
/// <param name="Name">Its name, such as <c>cg_list</c>.</param>
/// <param name="Show">What reading it shows for a task.</param>
[Kernel("struct pid_entry", "fs/proc/base.c")]
public sealed record ProcPidFile(string Name, Func<Machine, TaskStruct, string> Show)
{
    /// <summary>What one write(2) does; null = the file is only read, and writing answers EINVAL.</summary>
    public Func<Machine, TaskStruct, string, Errno>? Write { get; init; }
}

/// <summary>Own files in /proc/&lt;pid&gt;: what a line in the kernel's <c>tgid_base_stuff</c> table adds there, added to a running machine here.</summary>
[Kernel("tgid_base_stuff", "fs/proc/base.c")]
public sealed class ProcPidFiles
{
    private readonly List<ProcPidFile> _files = [];

    internal ProcPidFiles()
    {
    }

    /// <summary>How many there are.</summary>
    public int Count => _files.Count;

    internal IEnumerable<string> Names => _files.ConvertAll(file => file.Name);

    /// <summary>Adds a file to every process's directory, also of processes that exist already.</summary>
    /// <exception cref="ArgumentException">The name is no file name, or there is a file of that name already.</exception>
    public void Register(ProcPidFile file)
    {
        ArgumentNullException.ThrowIfNull(file);
        if (file.Name.Length == 0 || file.Name is "." or ".." || file.Name.Contains('/', StringComparison.Ordinal))
        {
            throw new ArgumentException($"'{file.Name}' is not a file name: give it one without '/'");
        }
        if (ProcPid.IsKernels(file.Name) || Find(file.Name) is not null)
        {
            throw new ArgumentException($"/proc/<pid>/{file.Name} exists already: choose another name");
        }
        _files.Add(file);
    }

    /// <summary>Takes a file away again; false when there is none of that name.</summary>
    public bool Unregister(string name) => _files.RemoveAll(file => file.Name == name) > 0;

    internal ProcPidFile? Find(string name) => _files.Find(file => file.Name == name);
}
