using System.Globalization;
using System.Text;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Rekindle.Providers;

/// <summary>
/// Reads a catalogue file into nodes. Only the part of YAML that an entry needs is accepted: one document, text keys,
/// no anchors, aliases or tags (so nothing can expand), bounded in size, depth and number of nodes.
/// </summary>
internal sealed class CatalogueYaml
{
    internal const int MaxBytes = 256 * 1024;
    private const int MaxDepth = 16;
    private const int MaxNodes = 20_000;

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly string _file;
    private readonly ICollection<ProviderCatalogueError> _errors;
    private readonly Parser _parser;
    private int _nodes;

    private CatalogueYaml(string file, string text, ICollection<ProviderCatalogueError> errors)
    {
        _file = file;
        _errors = errors;
        _parser = new Parser(new StringReader(text));
    }

    /// <summary>The file's root, or null after its mistakes were added to <paramref name="errors"/>.</summary>
    public static CatalogueMap? Read(string file, ReadOnlyMemory<byte> content, ICollection<ProviderCatalogueError> errors)
    {
        if (content.Length > MaxBytes)
        {
            errors.Add(new(file, 0, "", $"the file is larger than {MaxBytes / 1024} KB; a provider entry is a few KB. Is this the right file?"));
            return null;
        }

        if (Decode(content) is not { } text)
        {
            errors.Add(new(file, 0, "", "the file is not UTF-8 text; save it as UTF-8, or remove it from the folder."));
            return null;
        }

        return new CatalogueYaml(file, text, errors).ReadDocument();
    }

    private static string? Decode(ReadOnlyMemory<byte> content)
    {
        try
        {
            var text = StrictUtf8.GetString(content.Span).TrimStart('\uFEFF');
            return text.Any(c => char.IsControl(c) && c is not ('\n' or '\r' or '\t')) ? null : text;
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }

    private CatalogueMap? ReadDocument()
    {
        try
        {
            _parser.Consume<StreamStart>();
            if (_parser.Accept<StreamEnd>(out _))
            {
                throw Refused(_parser.Current!, "the file is empty; write an entry with at least key, display_name and endpoints.");
            }

            _parser.Consume<DocumentStart>();
            var start = _parser.Current!;
            var root = ReadNode("", (int)start.Start.Line, depth: 0) as CatalogueMap
                ?? throw Refused(start, "the file must be a list of fields such as `key: my-provider`.");
            _parser.Consume<DocumentEnd>();
            if (!_parser.Accept<StreamEnd>(out _))
            {
                throw Refused(_parser.Current!, "the file holds more than one document (`---`); write one provider per file.");
            }

            return root;
        }
        catch (RefusedException refused)
        {
            _errors.Add(refused.Error);
        }
        catch (YamlException broken)
        {
            _errors.Add(new(_file, (int)broken.Start.Line, "", $"the file is not valid YAML: {FirstSentence(broken.Message)}"));
        }
        catch (Exception broken) when (broken is InvalidOperationException or ArgumentException)
        {
            // The parser's own checks let some damaged input through to its queues, which throw these.
            _errors.Add(new(_file, (int)(_parser.Current?.End.Line ?? 0), "", "the file is not valid YAML near this line."));
        }

        return null;
    }

    private CatalogueNode ReadNode(string path, int line, int depth)
    {
        var current = _parser.Current!;
        if (depth > MaxDepth || ++_nodes > MaxNodes)
        {
            throw Refused(current, "the file is nested too deeply or has too many values for a provider entry.");
        }

        RefuseExtras(current);
        return current switch
        {
            Scalar => ReadScalar(line),
            SequenceStart => ReadList(path, line, depth),
            MappingStart => ReadMap(path, line, depth),
            _ => throw Refused(current, "a value was expected here."),
        };
    }

    private CatalogueScalar ReadScalar(int line)
    {
        var scalar = _parser.Consume<Scalar>();
        var isNull = scalar.Style is ScalarStyle.Plain && scalar.Value is "" or "~" or "null";
        return new CatalogueScalar(_file, line, scalar.Value, isNull);
    }

    private CatalogueList ReadList(string path, int line, int depth)
    {
        _parser.Consume<SequenceStart>();
        var items = new List<CatalogueNode>();
        while (!_parser.TryConsume<SequenceEnd>(out _))
        {
            var itemPath = string.Create(CultureInfo.InvariantCulture, $"{path}[{items.Count}]");
            items.Add(ReadNode(itemPath, (int)_parser.Current!.Start.Line, depth + 1));
        }

        return new CatalogueList(_file, line, items);
    }

    private CatalogueMap ReadMap(string path, int line, int depth)
    {
        _parser.Consume<MappingStart>();
        var fields = new Dictionary<string, CatalogueNode>(StringComparer.Ordinal);
        while (!_parser.TryConsume<MappingEnd>(out _))
        {
            if (!_parser.TryConsume<Scalar>(out var name))
            {
                throw Refused(_parser.Current!, "a field's name must be plain text.");
            }

            RefuseExtras(name);
            var nameLine = (int)name.Start.Line;
            var fieldPath = path.Length == 0 ? name.Value : $"{path}.{name.Value}";
            var value = ReadNode(fieldPath, nameLine, depth + 1);
            if (!fields.TryAdd(name.Value, value))
            {
                _errors.Add(new(_file, nameLine, fieldPath, $"the field is written twice (first on line {fields[name.Value].Line}); keep one."));
            }
        }

        return new CatalogueMap(_file, line, fields);
    }

    private void RefuseExtras(ParsingEvent at)
    {
        if (at is AnchorAlias or NodeEvent { Anchor.IsEmpty: false })
        {
            throw Refused(at, "anchors (&name) and aliases (*name) are not supported; write the value out, or use `extends`.");
        }

        if (at is NodeEvent { Tag.IsEmpty: false })
        {
            throw Refused(at, "tags (!name) are not supported; write the plain value.");
        }
    }

    private RefusedException Refused(ParsingEvent at, string problem) => new(new(_file, (int)at.Start.Line, "", problem));

    private static string FirstSentence(string message)
    {
        var start = message.LastIndexOf("): ", StringComparison.Ordinal);
        return start < 0 ? message : message[(start + 3)..];
    }

    /// <summary>Leaves the recursive descent; never leaves this class.</summary>
    private sealed class RefusedException(ProviderCatalogueError error) : Exception
    {
        public ProviderCatalogueError Error { get; } = error;
    }
}
