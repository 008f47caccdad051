using Ullage.Model.Pages;

namespace Ullage.Model.Reclaim;

internal sealed partial class LruAdd
{
    public void MarkAccessed(int frame)
    {
        ref PageFlags flags = ref _machine.Frames.Flags(frame);
        flags |= PageFlags.Referenced;
    }

    public void RotateReclaimable(int frame) => MarkAccessed(frame);
}
