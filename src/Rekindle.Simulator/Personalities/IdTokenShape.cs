using System.Text.Json;

namespace Rekindle.Simulator.Personalities;

/// <summary>The ID token of a code exchange. It is signed in any case.</summary>
public sealed record IdTokenShape
{
    /// <summary>Whether there is one at all.</summary>
    public bool Issued { get; init; } = true;

    /// <summary>Claims in place of the server's own; one that is <c>null</c> is left out. Null: its own.</summary>
    public JsonElement? Claims { get; init; }
}
