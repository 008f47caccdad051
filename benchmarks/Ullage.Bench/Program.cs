using BenchmarkDotNet.Running;
using Ullage.Bench;

return Bars.Run(BenchmarkSwitcher.FromAssembly(typeof(Bars).Assembly), args);
