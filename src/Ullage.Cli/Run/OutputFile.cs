namespace Ullage.Cli.Run;

/// <summary>The file of <c>-o</c>, opened before the run: a run of hours must not end at a wrong path. What the file held stays until there is something to write.</summary>
internal sealed class OutputFile : IDisposable
{
    private readonly string _path;
    private readonly FileStream _stream;
    private readonly bool _created;
    private bool _saved;

    private OutputFile(string path, FileStream stream, bool created)
    {
        _path = path;
        _stream = stream;
        _created = created;
    }

    /// <summary>Opens the file, or throws with the reason; null for no file.</summary>
    public static OutputFile? Open(string? path, string option = "-o")
    {
        if (path is null)
        {
            return null;
        }
        if (Directory.Exists(path))
        {
            throw CliException.NoData($"cannot write {path}: EISDIR (Is a directory): give {option} the name of a file in it");
        }
        try
        {
            bool created = !File.Exists(path);
            return new OutputFile(path, new FileStream(path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0), created);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw Failed(path, failure);
        }
    }

    public void Save(string text)
    {
        try
        {
            if (_stream.CanSeek)
            {
                _stream.SetLength(0);
            }
            _stream.Write(System.Text.Encoding.UTF8.GetBytes(text));
            _saved = true;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw Failed(_path, failure);
        }
    }

    public void Dispose()
    {
        _stream.Dispose();
        if (_created && !_saved)
        {
            File.Delete(_path);
        }
    }

    private static CliException Failed(string path, Exception failure) =>
        CliException.NoData($"cannot write {path}: {ScenarioLoader.Describe(failure)}: give -o a file in a directory you may write to");
}
