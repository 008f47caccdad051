using Ullage.Abi;
using Ullage.Lab.Scenarios;

namespace Ullage.Lab.Targets.Host;

/// <summary>The scenario's data files, in a private directory.</summary>
internal static class HostData
{
    private const int ChunkBytes = 1 << 20;

    /// <summary>Makes files and directories. The files are written out and dropped from the page cache: a scenario finds them uncached.</summary>
    internal static void Make(Scenario scenario, HostPaths paths)
    {
        try
        {
            Directory.CreateDirectory(paths.DataDirectory);
            foreach (ProcessSpec process in scenario.Processes)
            {
                MakeDirectories(process.Do, paths);
            }
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new TargetUnavailableException($"{paths.DataDirectory}: {error.Message}: set TMPDIR to a directory that can be written", 3);
        }
        byte[] chunk = new byte[ChunkBytes];
        new Random(1).NextBytes(chunk);
        foreach (FileSpec file in scenario.Files)
        {
            string path = paths.Data(file.Path);
            try
            {
                Directory.CreateDirectory(Path.GetDirectoryName(path)!);
                Write(path, file.Bytes, chunk);
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                throw new TargetUnavailableException($"files: {file.Path}: {path}: {error.Message} (need {file.Bytes} bytes): make room there, or set TMPDIR", 3);
            }
        }
    }

    private static void Write(string path, long bytes, byte[] chunk)
    {
        using FileStream stream = new(path, FileMode.CreateNew, FileAccess.Write, FileShare.Read, bufferSize: 0);
        for (long left = bytes; left > 0; left -= chunk.Length)
        {
            stream.Write(chunk, 0, (int)Math.Min(left, chunk.Length));
        }
        stream.Flush(flushToDisk: true);
        const int DontNeed = 4;
        _ = Native.FileAdvise((int)stream.SafeFileHandle.DangerousGetHandle(), 0, 0, DontNeed);
    }

    private static void MakeDirectories(IReadOnlyList<Operation> operations, HostPaths paths)
    {
        foreach (Operation operation in operations)
        {
            string? directory = operation switch
            {
                CreateFilesOperation create => create.Directory,
                UnlinkFilesOperation unlink => unlink.Directory,
                WriteOperation write => Path.GetDirectoryName(write.File),
                _ => null,
            };
            if (directory is not null)
            {
                paths.AddPrivateDirectory(directory);
                Directory.CreateDirectory(paths.Data(directory));
            }
            MakeDirectories(operation switch
            {
                ForkOperation fork => fork.Do,
                RepeatOperation repeat => repeat.Do,
                InterleaveOperation interleave => interleave.Of,
                _ => [],
            }, paths);
        }
    }
}
