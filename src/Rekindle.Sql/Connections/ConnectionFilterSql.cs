using Rekindle.Storage;

namespace Rekindle.Sql.Connections;

/// <summary>A <see cref="ConnectionFilter"/> as conditions over connections (c), token sets (t) and schedule (s).</summary>
internal static class ConnectionFilterSql
{
    /// <summary>Only connections that are still tried can be in back-off.</summary>
    public const string InBackoff = "c.status in ('active', 'degraded') and";

    public static SqlConditions Of(SqlDatabase database, ConnectionFilter filter)
    {
        var where = new SqlConditions();
        where.Add("c.environment = @environment", "environment", filter.Environment);
        where.AddIn("c.integration", "integration", filter.Integrations);
        where.AddIn("c.tenant", "tenant", filter.Tenants);
        where.AddIf(filter.Subject, "c.subject = @subject", "subject");
        where.AddIf(filter.Purpose, "c.purpose = @purpose", "purpose");
        where.AddIf(filter.Account, "c.account = @account", "account");
        where.AddIf(filter.Label, "c.label = @label", "label");
        where.AddIf(filter.Status is { } status ? Names.Of(status) : null, "c.status = @status", "status");
        where.AddIf(filter.ExpiresBefore, "t.access_token is not null and t.expires_at < @expires_before", "expires_before");
        where.AddIf(filter.InBackoffAt, $"{InBackoff} c.next_retry_at > @backoff_at", "backoff_at");
        where.AddIf(filter.Error, database.Contains("c.last_refresh_error", "@error"), "error");
        where.AddIf(filter.FailuresBelow, "c.consecutive_failures + c.consecutive_transient_failures < @failures_below", "failures_below");
        where.AddIf(filter.UpdatedSince, "(c.updated_at >= @updated_since or t.updated_at >= @updated_since)", "updated_since");
        where.AddIf(
            filter.Text,
            "(" + string.Join(" or ", ((string[])["subject", "tenant", "account", "provider_account_name", "label"])
                .Select(column => database.Contains("c." + column, "@text"))) + ")",
            "text");
        return where;
    }

    /// <summary>
    /// The columns that pages follow: ids, which begin with their shard. A subject's few connections are found by the subject and then
    /// sorted: the plus signs keep SQLite from reading the environment in order to save that.
    /// </summary>
    public static string PageKeyOf(ConnectionFilter filter) => filter.Subject is null ? "c.shard, c.id" : "+c.shard, +c.id";
}
