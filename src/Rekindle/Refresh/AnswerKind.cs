namespace Rekindle.Refresh;

/// <summary>What an answer's body turned out to be, whatever its Content-Type claims.</summary>
public enum AnswerKind
{
    /// <summary>Nothing, or white space.</summary>
    Empty,

    /// <summary>A JSON object or array.</summary>
    Json,

    /// <summary>name=value pairs.</summary>
    Form,

    /// <summary>HTML or XML.</summary>
    Markup,

    /// <summary>Plain text.</summary>
    Text,

    /// <summary>None of these: binary, or damaged JSON.</summary>
    Unreadable,

    /// <summary>Not whole, so nothing in it is believed.</summary>
    Truncated,
}
