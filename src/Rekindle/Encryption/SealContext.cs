namespace Rekindle.Encryption;

/// <summary>
/// Where a value belongs; authenticated together with it, so that it opens nowhere else. Deliberately no column or slot:
/// a token keeps opening when it moves from "current" to "previous".
/// </summary>
/// <param name="Environment">The environment's name.</param>
/// <param name="Owner">A connection's id in decimal, an integration's key, or a connect session's id.</param>
/// <param name="Kind">What the value is.</param>
/// <param name="GrantNo">Which grant of the connection it belongs to; 0 where there is no grant.</param>
public readonly record struct SealContext(string Environment, string Owner, SecretKind Kind, long GrantNo = 0);
