using Ullage.Abi;

namespace Ullage.Lab.Scenarios.Reading;

/// <summary>Reads the list of a process. What each operation takes is in <see cref="OperationShapes"/>; how it is read, in <see cref="OperationArguments"/>.</summary>
internal sealed class OperationReader(Problems problems, References references)
{
    private static readonly HashSet<string> NotInInterleave = new(StringComparer.Ordinal) { "fork", "wait", "repeat", "interleave", "exec", "sleep", "pause", "exit" };

    private static readonly Shape Steps = OperationShapes.Step;

    public References References => references;

    /// <summary>Reads a list. <paramref name="depth"/> is the number of repeats around it.</summary>
    public IReadOnlyList<Operation> ReadList(IReadOnlyList<Node> items, string path, ProcessScope scope, int depth)
    {
        List<Operation> operations = [];
        for (int i = 0; i < items.Count; i++)
        {
            if (Read(items[i], $"{path}.{i}", scope, depth) is Operation operation)
            {
                operations.Add(operation);
            }
        }

        return operations;
    }

    /// <summary>Tells operations of an interleave that have no single accesses to take turns with.</summary>
    public void JudgeInterleaved(IReadOnlyList<Node> items, string path)
    {
        for (int i = 0; i < items.Count; i++)
        {
            string? word = items[i] switch
            {
                ScalarNode scalar => scalar.Text,
                MapNode { Entries: [Entry entry] } => entry.Key,
                _ => null,
            };
            if (word is not null && NotInInterleave.Contains(word))
            {
                problems.Add(items[i].Place, $"{path}.{i}", $"'{word}' cannot take turns: interleave takes operations on pages, files or calls, such as touch or read");
            }
        }
    }

    private Operation? Read(Node item, string path, ProcessScope scope, int depth)
    {
        if (!TryWord(item, path, out string word, out Place place, out Node? arguments))
        {
            return null;
        }

        Shape shape = Steps.Child(word)!;
        string argumentPath = $"{path}.{word}";
        Node given = arguments is null or ScalarNode { IsNothing: true } ? new MapNode(place) : arguments;
        string example = shape.Keys.Count > 2 ? $"arguments in braces, such as {word}: {{ {shape.Keys[0]}: … }}" : "nothing";
        if (MapReader.Of(problems, given, argumentPath, shape, example) is not MapReader map)
        {
            return null;
        }

        JudgePlaceholders(given, argumentPath, shape, depth);
        Operation operation = new OperationArguments(this, map, scope, depth).Read(word);
        Errno? expected = Words.Error(map, "expect_errno") is Errno errno and not Errno.None ? errno : null;
        bool? goesOn = map.Word("until", Words.Until);
        return operation with
        {
            Line = place.Line,
            UntilDone = goesOn ?? expected is not null, // an errno that is expected is no reason to stop
            ExpectErrno = expected,
        };
    }

    private bool TryWord(Node item, string path, out string word, out Place place, out Node? arguments)
    {
        (word, place, arguments) = ("", item.Place, null);
        switch (item)
        {
            case ScalarNode { IsNothing: false } scalar:
                word = scalar.Text;
                break;
            case MapNode { Entries: [Entry only] }:
                (word, place, arguments) = (only.Key, only.Place, only.Value);
                break;
            case MapNode { Entries: [Entry first, ..] } map:
                Entry? stray = map.Entries.FirstOrDefault(entry => entry.Key is "until" or "expect_errno");
                string advice = stray is null ? "begin each with '- '" : $"'{stray.Key}' goes into the operation's braces";
                problems.Add((stray ?? map.Entries[1]).Place, path, $"a step is one operation, but {string.Join(", ", map.Entries.Select(e => Quote.Text(e.Key)))} stand together: {advice}");
                return false;
            default:
                problems.Add(item.Place, path, $"expected an operation, such as 'grow: 100M', found {item.Kind}");
                return false;
        }

        if (Steps.Child(word) is null)
        {
            problems.Add(place, path, $"unknown operation {Quote.Text(word)}{Nearest.Advice(word, Steps.Keys)}");
            return false;
        }

        return true;
    }

    /// <summary>A placeholder without a repeat of that depth around it would be taken as it stands, which nobody wants.</summary>
    private void JudgePlaceholders(Node node, string path, Shape shape, int depth)
    {
        if (node is ScalarNode short1)
        {
            JudgePlaceholder(short1, path, depth);
        }

        if (node is not MapNode map)
        {
            return;
        }

        foreach (Entry entry in map.Entries)
        {
            if (entry.Value is ScalarNode scalar && shape.Child(entry.Key) is not null)
            {
                JudgePlaceholder(scalar, $"{path}.{entry.Key}", depth);
            }
        }
    }

    private void JudgePlaceholder(ScalarNode scalar, string path, int depth)
    {
        for (int i = 0; i < scalar.Text.Length; i++)
        {
            int found = Placeholder.At(scalar.Text, i);
            if (found >= depth)
            {
                string around = depth switch { 0 => "no repeat is", 1 => "only one repeat is", _ => "only two repeats are" };
                problems.Add(scalar.Place, path, $"'{Placeholder.Of(found)}' has no meaning here: {around} around this step");
                return;
            }
        }
    }
}
