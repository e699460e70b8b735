using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Rekindle.Hosting;

/// <summary>Checks all settings and reports every mistake at once, with the setting's full name.</summary>
internal sealed class RekindleOptionsCheck : IValidateOptions<RekindleOptions>
{
    public ValidateOptionsResult Validate(string? name, RekindleOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var mistakes = new List<string>();
        Check("Rekindle", options, mistakes);
        Check("Rekindle:Ownership", options.Ownership, mistakes);
        Check("Rekindle:Refresh", options.Refresh, mistakes);
        Check("Rekindle:Journal", options.Journal, mistakes);
        Check("Rekindle:Exchange", options.Exchange, mistakes);
        Check("Rekindle:Connect", options.Connect, mistakes);
        Check("Rekindle:Ping", options.Ping, mistakes);
        mistakes.AddRange(options.Refresh.Mistakes().Concat(options.Connect.Mistakes()).Concat(options.Ping.Mistakes()).Select(m => $"Rekindle:{m}"));
        if (string.IsNullOrEmpty(options.KeyRing) && string.IsNullOrEmpty(options.KeyRingFile))
        {
            mistakes.Add("Rekindle:KeyRingFile or Rekindle:KeyRing must be set: without a key ring nothing can be stored.");
        }

        return mistakes.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(mistakes);
    }

    private static void Check(string section, object options, List<string> mistakes)
    {
        var results = new List<ValidationResult>();
        Validator.TryValidateObject(options, new ValidationContext(options), results, validateAllProperties: true);
        mistakes.AddRange(results.Select(r => $"{section}:{string.Join(',', r.MemberNames)}: {r.ErrorMessage}"));
    }
}
