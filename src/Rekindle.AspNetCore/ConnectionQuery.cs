using Rekindle.AspNetCore.Http;
using Rekindle.Connections;
using Rekindle.Storage;

namespace Rekindle.AspNetCore;

/// <summary>The filters of connection lists, narrowed to what the caller's key reaches.</summary>
internal static class ConnectionQuery
{
    private static readonly QueryParameter<ConnectionStatus?> Status = Query.Word<ConnectionStatus>("status", "Status of the connection.");
    private static readonly QueryParameter<string?> Label = Query.Text("label", "Label, exactly.");
    private static readonly QueryParameter<int?> ExpiringWithin = Query.Number("expiring_within", "The token ends within so many seconds.", 0, 31_536_000);
    private static readonly QueryParameter<bool?> InBackoff = Query.Flag("in_backoff", "True: those in back-off.");
    private static readonly QueryParameter<string?> Error = Query.Text("error", "Text that the last error contains.");
    private static readonly QueryParameter<string?> Text = Query.Text("q", "Text that subject, tenant, account, account name or label contains.");
    private static readonly QueryParameter<DateTimeOffset?> UpdatedSince = Query.Instant("updated_since", "Changed since.");

    public static IReadOnlyList<QueryParameter> Parameters { get; } =
    [
        Status, CommonQuery.Integration, CommonQuery.Tenant, CommonQuery.Subject, CommonQuery.Purpose, CommonQuery.Account,
        Label, ExpiringWithin, InBackoff, Error, Text, UpdatedSince,
    ];

    public static ConnectionFilter Read(ApiCall call, DateTimeOffset now)
    {
        if (call.Get(InBackoff) == false)
        {
            call.Mistakes.Add(InBackoff.Name, "can only be true: leave it out to see all.");
        }

        return new ConnectionFilter
        {
            Environment = call.Environment,
            Integrations = call.Narrow(call.Get(CommonQuery.Integration), call.Caller.Integrations),
            Tenants = call.Narrow(call.Get(CommonQuery.Tenant), call.Caller.Tenants),
            Subject = call.Get(CommonQuery.Subject),
            Purpose = call.Get(CommonQuery.Purpose),
            Account = call.Get(CommonQuery.Account),
            Label = call.Get(Label),
            Status = call.Get(Status),
            ExpiresBefore = call.Get(ExpiringWithin) is { } seconds ? now.AddSeconds(seconds) : null,
            InBackoffAt = call.Get(InBackoff) == true ? now : null,
            Error = call.Get(Error),
            Text = call.Get(Text),
            UpdatedSince = call.Get(UpdatedSince),
        };
    }
}
