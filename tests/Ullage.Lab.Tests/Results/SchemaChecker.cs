using System.Text.Json;

namespace Ullage.Lab.Tests.Results;

/// <summary>As much of JSON Schema as docs/result.schema.json uses. A keyword that it does not know is an error, so that none is passed over.</summary>
internal sealed class SchemaChecker(JsonElement root)
{
    private static readonly HashSet<string> Notes = ["$schema", "$id", "$defs", "title", "description"];

    public List<string> Errors { get; } = [];

    public void Check(JsonElement value) => Check(root, value, "$");

    private void Check(JsonElement schema, JsonElement value, string path)
    {
        foreach (JsonProperty keyword in schema.EnumerateObject())
        {
            switch (keyword.Name)
            {
                case "$ref":
                    Check(root.GetProperty("$defs").GetProperty(keyword.Value.GetString()!["#/$defs/".Length..]), value, path);
                    break;
                case "type":
                    Expect(TypesOf(keyword.Value).Any(type => Is(value, type)), path, $"is {value.ValueKind}, not {keyword.Value}");
                    break;
                case "const":
                    Expect(value.ToString() == keyword.Value.ToString(), path, $"is {value}, not {keyword.Value}");
                    break;
                case "enum":
                    Expect(keyword.Value.EnumerateArray().Any(allowed => allowed.ToString() == value.ToString()), path, $"is {value}, none of {keyword.Value}");
                    break;
                case "minimum":
                    Expect(value.ValueKind != JsonValueKind.Number || value.GetDouble() >= keyword.Value.GetDouble(), path, $"is {value}, below {keyword.Value}");
                    break;
                case "required":
                    CheckRequired(keyword.Value, value, path);
                    break;
                case "items":
                    CheckItems(keyword.Value, value, path);
                    break;
                case "properties" or "additionalProperties":
                    break;
                default:
                    Expect(Notes.Contains(keyword.Name), path, $"unknown keyword {keyword.Name}");
                    break;
            }
        }

        CheckProperties(schema, value, path);
    }

    private void CheckRequired(JsonElement keys, JsonElement value, string path)
    {
        foreach (JsonElement key in keys.EnumerateArray())
        {
            Expect(value.ValueKind != JsonValueKind.Object || value.TryGetProperty(key.GetString()!, out _), path, $"has no {key}");
        }
    }

    private void CheckItems(JsonElement items, JsonElement value, string path)
    {
        int index = 0;
        foreach (JsonElement item in value.ValueKind == JsonValueKind.Array ? value.EnumerateArray() : [])
        {
            Check(items, item, $"{path}[{index++}]");
        }
    }

    /// <summary>Keys that the schema does not list are errors here although JSON Schema lets them pass: the writer must not write what is not documented.</summary>
    private void CheckProperties(JsonElement schema, JsonElement value, string path)
    {
        if (value.ValueKind != JsonValueKind.Object || schema.TryGetProperty("$ref", out _))
        {
            return;
        }

        bool known = schema.TryGetProperty("properties", out JsonElement properties);
        bool free = schema.TryGetProperty("additionalProperties", out JsonElement additional);
        foreach (JsonProperty property in value.EnumerateObject())
        {
            if (known && properties.TryGetProperty(property.Name, out JsonElement shape))
            {
                Check(shape, property.Value, $"{path}.{property.Name}");
            }
            else
            {
                Expect(free, path, $"has the undocumented key {property.Name}");
                if (free)
                {
                    Check(additional, property.Value, $"{path}.{property.Name}");
                }
            }
        }
    }

    private void Expect(bool holds, string path, string message)
    {
        if (!holds)
        {
            Errors.Add($"{path} {message}");
        }
    }

    private static IEnumerable<string> TypesOf(JsonElement type) =>
        type.ValueKind == JsonValueKind.Array ? type.EnumerateArray().Select(t => t.GetString()!) : [type.GetString()!];

    private static bool Is(JsonElement value, string type) => type switch
    {
        "object" => value.ValueKind == JsonValueKind.Object,
        "array" => value.ValueKind == JsonValueKind.Array,
        "string" => value.ValueKind == JsonValueKind.String,
        "boolean" => value.ValueKind is JsonValueKind.True or JsonValueKind.False,
        "null" => value.ValueKind == JsonValueKind.Null,
        "integer" => value.ValueKind == JsonValueKind.Number && !value.GetRawText().AsSpan().ContainsAny('.', 'e', 'E'),
        "number" => value.ValueKind == JsonValueKind.Number,
        _ => false,
    };
}
