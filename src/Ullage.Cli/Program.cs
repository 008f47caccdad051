using System.Runtime.InteropServices;
using Ullage.Cli;
using Ullage.Cli.Terminal;

using CancellationTokenSource interrupt = new();
CliConsole console = SystemConsole.Open();
using PosixSignalRegistration onInterrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Interrupt);
using PosixSignalRegistration onTerminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Interrupt);
// A terminal that goes away: what was asked for is cut short in an orderly way, too.
using PosixSignalRegistration onHangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, Interrupt);
// A limit of file size that is met: the write fails with EFBIG, which is told, instead of a death without a word.
const int SigXfsz = 25;
using PosixSignalRegistration onFileSize = PosixSignalRegistration.Create((PosixSignal)SigXfsz, signal => signal.Cancel = true);
return await UllageApp.RunAsync(args, console, Wiring.Services, interrupt.Token).ConfigureAwait(false);

void Interrupt(PosixSignalContext signal)
{
    // The second one ends the process at once; whoever cleans up behind the run does so without us.
    signal.Cancel = !interrupt.IsCancellationRequested;
    interrupt.Cancel();
}
