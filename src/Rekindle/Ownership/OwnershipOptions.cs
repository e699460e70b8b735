using System.ComponentModel.DataAnnotations;

namespace Rekindle.Ownership;

/// <summary>Who this deployment is, and where it meets its database: a database that says otherwise is not refreshed (I14).</summary>
public sealed class OwnershipOptions
{
    /// <summary>
    /// Id of this deployment. Name each one apart (<c>production-eu</c>, <c>staging</c>): it is what tells a copy started elsewhere with
    /// the same settings from the original. Default <c>default</c>.
    /// </summary>
    [Required(AllowEmptyStrings = false)]
    [RegularExpression("^[a-z0-9][a-z0-9._-]{0,62}$", ErrorMessage = "Deployment must be lower-case letters, digits, dots, dashes and underscores, at most 63 characters.")]
    public string Deployment { get; set; } = "default";

    /// <summary>
    /// Name of the place where the database is met, instead of its address or path: set it where those change and the database stays the
    /// same (a container's path, a host that is renamed). Default: host, port and database, or the file's absolute path.
    /// </summary>
    [StringLength(500)]
    public string? Endpoint { get; set; }
}
