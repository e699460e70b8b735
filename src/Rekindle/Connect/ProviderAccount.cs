namespace Rekindle.Connect;

/// <summary>Whose account a grant is.</summary>
/// <param name="Id">Its id at the provider: pinned at the first connection.</param>
/// <param name="Name">Its name for people; null: not known.</param>
internal sealed record ProviderAccount(string Id, string? Name)
{
    private const int MaxLength = 255;

    /// <summary>From texts as they came; null: no usable id.</summary>
    public static ProviderAccount? Of(string? id, string? name) => Clean(id) is { } usable ? new(usable, Clean(name)) : null;

    private static string? Clean(string? text)
    {
        var clean = text is null ? "" : string.Concat(text.Where(c => !char.IsControl(c) && !char.IsSurrogate(c))).Trim();
        return clean.Length is 0 or > MaxLength ? null : clean;
    }
}
