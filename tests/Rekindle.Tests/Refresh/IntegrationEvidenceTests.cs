using Rekindle.Connections;
using Rekindle.Refresh;

namespace Rekindle.Tests.Refresh;

[Trait("Req", "F2")]
public sealed class IntegrationEvidenceTests
{
    private readonly IntegrationEvidence _evidence = new();

    [Fact]
    [Trait("Failure", "F49")]
    public void A_code_that_says_so_outright_blames_the_integration_at_once() =>
        Assert.True(Note(1, RefreshClass.ClientMisconfigured, halts: true));

    [Fact]
    public void One_connection_alone_never_blames_it_however_often_it_fails()
    {
        for (var i = 0; i < 100; i++)
        {
            Assert.False(Note(1, RefreshClass.ClientMisconfigured));
        }
    }

    [Fact]
    public void A_second_connection_that_agrees_blames_it()
    {
        Note(1, RefreshClass.ClientMisconfigured);

        Assert.True(Note(2, RefreshClass.ClientMisconfigured));
    }

    [Fact]
    public void A_success_between_acquits_it()
    {
        Note(1, RefreshClass.ClientMisconfigured);
        Note(3, RefreshClass.Success);

        Assert.False(Note(2, RefreshClass.ClientMisconfigured));
    }

    [Fact]
    public void Evidence_against_another_configuration_does_not_count()
    {
        Note(1, RefreshClass.ClientMisconfigured, configVersion: 1);

        Assert.False(Note(2, RefreshClass.ClientMisconfigured, configVersion: 2));
    }

    [Fact]
    public void Three_rejected_requests_blame_it()
    {
        Assert.False(Note(1, RefreshClass.RequestRejected));
        Assert.False(Note(2, RefreshClass.RequestRejected));
        Assert.True(Note(3, RefreshClass.RequestRejected));
    }

    [Fact]
    [Trait("Failure", "F92")]
    public void Three_connections_without_an_answer_and_no_success_between_say_that_the_provider_is_away()
    {
        Note(1, RefreshClass.Network);
        Note(1, RefreshClass.ProviderUnavailable);
        Assert.False(Note(2, RefreshClass.OutcomeUnknown));
        Note(9, RefreshClass.Success);
        Assert.False(Note(3, RefreshClass.Network));
        Assert.False(Note(1, RefreshClass.Network));
        Assert.True(Note(2, RefreshClass.ProviderUnavailable));
    }

    private bool Note(long connection, RefreshClass @class, bool halts = false, int configVersion = 1) =>
        _evidence.Note(1, configVersion, new ConnectionId(connection), new Classified { Class = @class, HaltsAtOnce = halts });
}
