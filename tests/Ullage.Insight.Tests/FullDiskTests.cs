using System.Diagnostics;
using Ullage.Recording.Reading;
using Xunit.Abstractions;

namespace Ullage.Insight.Tests;

/// <summary>A disk that fills up, and a limit of file size that is met, in the middle of a recording.</summary>
public sealed class FullDiskTests(ITestOutputHelper output)
{
    [Fact]
    public async Task DiskThatFillsUpWhileRecordingEndsItAloudAndKeepsWhatWasWritten()
    {
        using TempDirectory directory = new();
        string mount = directory.File("disk");
        Directory.CreateDirectory(mount);
        (int mounted, string why) = await MountAsync("mount", "-t", "tmpfs", "-o", "size=40k", "ullage-test", mount);
        if (mounted != 0)
        {
            output.WriteLine($"skipped: a small disk cannot be mounted: {why}");
            return;
        }
        try
        {
            string recording = Path.Combine(mount, "host.ullage");
            (int code, _, string error) = await Ullages.RunAsync("record", "-o", recording, "-i", "100ms", "--for", "60s");
            output.WriteLine(error);
            code.ShouldBe(3);
            error.ShouldContain($"ullage: cannot write {recording}: ENOSPC (No space left on device): ");
            await ShouldBeReadableAsync(recording, error);
        }
        finally
        {
            (await MountAsync("umount", mount)).Code.ShouldBe(0);
        }
    }

    [Fact]
    public async Task LimitOfFileSizeThatIsMetWhileRecordingEndsItAloudAndKeepsWhatWasWritten()
    {
        string program = Path.Combine(AppContext.BaseDirectory, "ullage.dll");
        if (Programs.Find("prlimit", "util-linux", output) is not string prlimit || !File.Exists(program))
        {
            return;
        }
        using TempDirectory directory = new();
        string recording = directory.File("host.ullage");
        // The runtime's code lies in a file of memory, too, while pages are not to be written and executed: that would meet the limit before the recording does.
        (int code, string error) = await Programs.RunAsync("env", "", "DOTNET_EnableWriteXorExecute=0", prlimit, "--fsize=40960", "dotnet", program, "record", "-o", recording, "-i", "100ms", "--for", "60s");
        output.WriteLine(error);
        code.ShouldBe(3);
        error.ShouldContain($"ullage: cannot write {recording}: EFBIG");
        await ShouldBeReadableAsync(recording, error);
    }

    // As many samples as were promised, the last one too.
    private async Task ShouldBeReadableAsync(string recording, string error)
    {
        int samples = 0;
        using (RecordingReader reader = RecordingReader.Open(recording))
        {
            while (reader.MoveNext())
            {
                samples++;
                reader.Files.Read("/proc/meminfo").Text.ShouldStartWith("MemTotal:");
            }
            reader.TimeNs.ShouldBe(reader.LastNs);
            output.WriteLine($"{samples} samples, {reader.LostBytes} bytes of the one that did not fit");
        }
        samples.ShouldBeGreaterThan(0);
        error.ShouldContain(samples == 1 ? " 1 sample" : $" {samples} samples");
        (int code, string text, string why) = await Ullages.RunAsync("dump", recording);
        code.ShouldBe(0, why);
        text.ShouldContain("host.ullage");
    }

    private static async Task<(int Code, string Output)> MountAsync(string program, params string[] arguments)
    {
        try
        {
            return await Programs.RunAsync(program, "", arguments);
        }
        catch (System.ComponentModel.Win32Exception missing)
        {
            return (-1, missing.Message);
        }
    }
}
