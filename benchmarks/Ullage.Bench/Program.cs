using BenchmarkDotNet.Running;
using Ullage.Bench;
using Ullage.Bench.Observe;

return args is ["--observe"] ? ObserveCost.Run() : args is ["--mixed"] ? MixedMachine.Run() : Bars.Run(BenchmarkSwitcher.FromAssembly(typeof(Bars).Assembly), args);
