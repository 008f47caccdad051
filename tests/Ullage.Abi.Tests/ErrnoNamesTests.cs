using System.Runtime.InteropServices;

namespace Ullage.Abi.Tests;

public sealed class ErrnoNamesTests(Xunit.Abstractions.ITestOutputHelper output)
{
    [Fact]
    public void EveryErrnoHasNameAndTextAndIsFoundByBoth()
    {
        Errno[] all = [.. Enum.GetValues<Errno>().Where(errno => errno != Errno.None)];
        ErrnoNames.All.ShouldBe(all);
        foreach (Errno errno in all)
        {
            ErrnoNames.TryParse(ErrnoNames.NameOf(errno), out Errno byName).ShouldBeTrue();
            ErrnoNames.TryParse(ErrnoNames.TextOf(errno), out Errno byText).ShouldBeTrue();
            (byName, byText).ShouldBe((errno, errno));
        }
    }

    [Fact]
    public void TextsAreThoseOfTheCLibrary()
    {
        if (!OperatingSystem.IsLinux() || Marshal.GetPInvokeErrorMessage((int)Errno.ENOMEM) != "Cannot allocate memory")
        {
            output.WriteLine("skipped: the C library here does not speak English as glibc does");
            return;
        }
        foreach (Errno errno in ErrnoNames.All)
            ErrnoNames.TextOf(errno).ShouldBe(Marshal.GetPInvokeErrorMessage((int)errno));
    }

    [Fact]
    public void DescribeSaysBothAndUnknownNumbersStayNumbers()
    {
        ErrnoNames.Describe(Errno.ENOMEM).ShouldBe("ENOMEM (Cannot allocate memory)");
        ErrnoNames.Describe((Errno)133).ShouldBe("errno 133 (Unknown error 133)");
        ErrnoNames.TryParse("enomem", out _).ShouldBeFalse();
        ErrnoNames.TryParse("none", out Errno none).ShouldBeTrue();
        none.ShouldBe(Errno.None);
    }

    [Theory]
    [InlineData("SIGKILL", 9)]
    [InlineData("kill", 9)]
    [InlineData("15", 15)]
    [InlineData("SIGSYS", 31)]
    [InlineData("64", 64)]
    public void SignalIsFoundByNameOrNumber(string text, int number)
    {
        SignalNames.TryParse(text, out int signal).ShouldBeTrue();
        signal.ShouldBe(number);
    }

    [Theory]
    [InlineData("0")]
    [InlineData("65")]
    [InlineData("SIG")]
    [InlineData("")]
    [InlineData("SIGNONE")]
    public void SignalUnknownIsRefused(string text)
    {
        SignalNames.TryParse(text, out int signal).ShouldBeFalse();
        signal.ShouldBe(0);
    }

    [Fact]
    public void SignalNamesAreReadBack()
    {
        for (int signal = 1; signal < SignalNames.RealTimeMin; signal++)
            (SignalNames.TryParse(SignalNames.NameOf(signal), out int read), read).ShouldBe((true, signal));
        SignalNames.NameOf(SignalNames.Kill).ShouldBe("SIGKILL");
        SignalNames.NameOf(40).ShouldBe("signal 40");
    }
}
