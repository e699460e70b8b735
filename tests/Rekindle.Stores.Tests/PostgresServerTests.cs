using Npgsql;
using Rekindle.Testing;

namespace Rekindle.Stores.Tests;

public sealed class PostgresServerTests
{
    [Fact]
    public async Task Each_test_gets_a_database_of_its_own()
    {
        var server = await PostgresServer.GetAsync();
        await using var one = await server.CreateDatabaseAsync();
        await using var other = await server.CreateDatabaseAsync();

        await ExecuteAsync(one, "create table mine (id int)");

        Assert.Null(await ScalarAsync(other, "select to_regclass('mine')::text"));
        Assert.Equal("mine", await ScalarAsync(one, "select to_regclass('mine')::text"));
    }

    [Fact]
    public async Task A_template_is_prepared_once_and_copied()
    {
        var server = await PostgresServer.GetAsync();
        var prepared = 0;

        await using var one = await server.CreateDatabaseAsync("prepared_once", Prepare);
        await using var other = await server.CreateDatabaseAsync("prepared_once", Prepare);

        Assert.Equal(1, prepared);
        Assert.Equal("prepared", await ScalarAsync(one, "select to_regclass('prepared')::text"));
        Assert.Equal("prepared", await ScalarAsync(other, "select to_regclass('prepared')::text"));

        async Task Prepare(string connectionString)
        {
            prepared++;
            await using var source = NpgsqlDataSource.Create(connectionString);
            await using var command = source.CreateCommand("create table prepared (id int)");
            await command.ExecuteNonQueryAsync();
        }
    }

    [Fact]
    public async Task The_server_is_durable_in_what_a_test_can_see_and_lives_in_another_time_zone()
    {
        var server = await PostgresServer.GetAsync();
        await using var database = await server.CreateDatabaseAsync();

        Assert.Equal("on", await ScalarAsync(database, "show synchronous_commit"));
        Assert.Equal("10:00:00", await ScalarAsync(database, "select (now()::timestamp - (now() at time zone 'UTC'))::text"));
    }

    private static async Task ExecuteAsync(PostgresDatabase database, string sql)
    {
        await using var source = NpgsqlDataSource.Create(database.ConnectionString);
        await using var command = source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }

    private static async Task<string?> ScalarAsync(PostgresDatabase database, string sql)
    {
        await using var source = NpgsqlDataSource.Create(database.ConnectionString);
        await using var command = source.CreateCommand(sql);
        return await command.ExecuteScalarAsync() as string;
    }
}
