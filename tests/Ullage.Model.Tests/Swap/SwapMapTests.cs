using Shouldly;
using Ullage.Model.Swap;

namespace Ullage.Model.Tests.Swap;

public sealed class SwapMapTests
{
    private const int Cluster = 256;

    private sealed class Nothing : ISwapReclaim
    {
        public bool TryReclaimSlot(int slot) => false;
    }

    /// <summary>The rule, slot by slot.</summary>
    private sealed class Plain(int pages)
    {
        private readonly bool[] _used = new bool[pages + 1];
        private int _free = pages;
        private int _lowest = 1;
        private int _highest = pages;
        private int _next = 1;
        private int _left;

        public int Allocate()
        {
            if (_free == 0)
            {
                return -1;
            }
            if (_left-- == 0)
            {
                BeginCluster();
            }
            int from = _next > _highest ? _lowest : _next;
            int slot = Enumerable.Range(from, Math.Max(0, _highest - from + 1)).Concat(Enumerable.Range(_lowest, Math.Max(0, from - _lowest))).First(each => !_used[each]);
            _free--;
            _lowest += slot == _lowest ? 1 : 0;
            _highest -= slot == _highest ? 1 : 0;
            if (_free == 0)
            {
                (_lowest, _highest) = (int.MaxValue, 0);
            }
            _next = slot + 1;
            _used[slot] = true;
            return slot;
        }

        private void BeginCluster()
        {
            _left = Cluster - 1;
            int run = 0;
            for (int slot = _lowest; _free >= Cluster && slot <= _highest; slot++)
            {
                run = _used[slot] ? 0 : run + 1;
                if (run == Cluster)
                {
                    _next = slot - Cluster + 1;
                    return;
                }
            }
        }

        public void Release(int slot)
        {
            _used[slot] = false;
            _free++;
            (_lowest, _highest) = (Math.Min(_lowest, slot), Math.Max(_highest, slot));
        }
    }

    [Theory]
    [InlineData(100)]
    [InlineData(255)]
    [InlineData(256)]
    [InlineData(1000)]
    [InlineData(5000)]
    public void AllocateInRandomOrderTakesTheSlotsOfThePlainRule(int pages)
    {
        for (int seed = 0; seed < 20; seed++)
        {
            Random random = new(seed);
            SwapMap map = new(pages);
            Plain plain = new(pages);
            Nothing nothing = new();
            List<int> taken = [];
            for (int step = 0; step < 3000; step++)
            {
                bool grows = step / 500 % 2 == 0;
                int run = random.Next(1, 400);
                for (int i = 0; i < run; i++)
                {
                    if (random.Next(10) < (grows ? 7 : 3))
                    {
                        int slot = map.Allocate(nothing);
                        slot.ShouldBe(plain.Allocate());
                        if (slot > 0)
                        {
                            taken.Add(slot);
                        }
                    }
                    else if (taken.Count > 0)
                    {
                        int at = random.Next(taken.Count);
                        map.Release(taken[at]);
                        plain.Release(taken[at]);
                        taken.RemoveAt(at);
                    }
                }
                step += 25;
            }
        }
    }
}
