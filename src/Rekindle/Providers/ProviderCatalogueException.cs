using System.Globalization;

namespace Rekindle.Providers;

/// <summary>One mistake in a catalogue file.</summary>
/// <param name="File">Path of the file, or <c>embedded:google.yaml</c> for one that ships with Rekindle.</param>
/// <param name="Line">Line of the field, counted from 1; 0 when the mistake is about the file as a whole.</param>
/// <param name="Field">Dotted path of the field; empty when the mistake is about the file as a whole.</param>
/// <param name="Problem">What is wrong and what to do.</param>
public sealed record ProviderCatalogueError(string File, int Line, string Field, string Problem)
{
    /// <summary>One line for people: file, line, field, problem.</summary>
    public override string ToString()
    {
        var place = Line > 0 ? string.Create(CultureInfo.InvariantCulture, $"{File}:{Line}") : File;
        return Field.Length > 0 ? $"{place}: {Field}: {Problem}" : $"{place}: {Problem}";
    }
}

/// <summary>The catalogue cannot be used. Carries every mistake of every file, so that one start shows them all.</summary>
public sealed class ProviderCatalogueException(IReadOnlyList<ProviderCatalogueError> errors) : Exception(Describe(errors))
{
    private const int ShownInMessage = 50;

    /// <summary>Every mistake, by file and line.</summary>
    public IReadOnlyList<ProviderCatalogueError> Errors { get; } = errors;

    private static string Describe(IReadOnlyList<ProviderCatalogueError> errors)
    {
        ArgumentNullException.ThrowIfNull(errors);
        var count = errors.Count == 1 ? "1 mistake" : string.Create(CultureInfo.InvariantCulture, $"{errors.Count} mistakes");
        var shown = errors.Take(ShownInMessage).Select(error => "  " + error);
        var rest = errors.Count > ShownInMessage ? ["  …"] : Array.Empty<string>();

        return string.Join('\n', [$"The provider catalogue has {count}; nothing was loaded.", .. shown, .. rest]);
    }
}
