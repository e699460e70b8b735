using System.Collections;
using System.Text.Json;

namespace Rekindle.Refresh;

/// <summary>What stands at one path of an answer: mostly nothing or one value, for which no list is made.</summary>
internal struct AnswerValues : IReadOnlyList<JsonElement>
{
    private JsonElement _first;
    private List<JsonElement>? _several;

    public int Count { get; private set; }

    public readonly JsonElement this[int index] => _several is null ? _first : _several[index];

    public void Add(JsonElement value)
    {
        if (Count == 0)
        {
            _first = value;
        }
        else
        {
            _several ??= [_first];
            _several.Add(value);
        }

        Count++;
    }

    /// <summary>Takes out those from one place up to another.</summary>
    public void Remove(int from, int to)
    {
        if (to > from)
        {
            _several!.RemoveRange(from, to - from);
            Count = _several.Count;
        }
    }

    public readonly Enumerator GetEnumerator() => new(this);

    readonly IEnumerator<JsonElement> IEnumerable<JsonElement>.GetEnumerator()
    {
        for (var at = 0; at < Count; at++)
        {
            yield return this[at];
        }
    }

    readonly IEnumerator IEnumerable.GetEnumerator() => ((IEnumerable<JsonElement>)this).GetEnumerator();

    public struct Enumerator(AnswerValues values)
    {
        private int _at = -1;

        public readonly JsonElement Current => values[_at];

        public bool MoveNext() => ++_at < values.Count;
    }
}
