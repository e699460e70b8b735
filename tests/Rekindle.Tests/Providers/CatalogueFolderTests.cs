using System.Text;
using Rekindle.Providers;

namespace Rekindle.Tests.Providers;

/// <summary>The folder an operator mounts: what it changes, and that nothing in it can do worse than a clear error.</summary>
public sealed class CatalogueFolderTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("rekindle-catalogue-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_file_with_a_known_key_changes_single_fields()
    {
        Write("hubspot.yaml", """
            key: hubspot
            variables: { api_version: { default: 2026-09 } }
            links: { support: https://help.acme.example/hubspot }
            """);

        var (shipped, changed) = (ProviderCatalogue.Load().Find("hubspot")!, Load().Find("hubspot")!);

        Assert.Equal("2026-09", changed.Variables.Single().Default);
        Assert.Equal(shipped.Variables.Single().Title, changed.Variables.Single().Title);
        Assert.Equal("https://help.acme.example/hubspot", changed.Links.Support);
        Assert.Equal(shipped.Links.Status, changed.Links.Status);
        Assert.Equal(shipped.Lifecycle, changed.Lifecycle);
    }

    [Fact]
    public void A_new_key_adds_an_entry()
    {
        Write("acme.yml", Acme);

        Assert.Equal("Acme", Load().Find("acme")?.DisplayName);
        Assert.Equal(ProviderCatalogue.Load().All.Count + 1, Load().All.Count);
    }

    [Fact]
    public void A_fact_is_replaced_as_a_whole()
    {
        Write("xero.yaml", """
            key: xero
            lifecycle:
              reuse: { value: strict, confidence: reported, date: 2027-01-02, source: our own support case }
            """);

        Assert.Equal(new(ReuseRule.Strict, Confidence.Reported, new DateOnly(2027, 1, 2), "our own support case"), Load().Find("xero")!.Lifecycle.Reuse);
    }

    [Fact]
    public void A_fact_cannot_borrow_the_source_of_another()
    {
        Write("xero.yaml", """
            key: xero
            lifecycle:
              reuse: { value: reusable }
            """);

        Assert.Equal("lifecycle.reuse.confidence", Assert.Single(Errors()).Field);
    }

    [Fact]
    public void A_null_removes_what_is_below()
    {
        Write("xero.yaml", "key: xero\nendpoints: { revoke: ~ }\nlifecycle: { reuse: null }\ndefault_scopes:\n");

        var xero = Load().Find("xero")!;

        Assert.Null(xero.Endpoints.Revoke);
        Assert.Equal(ReuseKind.Strict, xero.Lifecycle.EffectiveReuse.Kind);
        Assert.Empty(xero.DefaultScopes);
    }

    [Fact]
    public void A_list_replaces_a_list_but_error_rules_come_before_those_below()
    {
        Write("slack.yaml", """
            key: slack
            response: { access_token: [token] }
            errors:
              rules:
                - { code: invalid_refresh_token, class: unclassified }
            """);

        var (shipped, changed) = (ProviderCatalogue.Load().Find("slack")!, Load().Find("slack")!);

        Assert.Equal(["token"], changed.Response.AccessToken);
        Assert.Equal(shipped.Errors.Rules, changed.Errors.Rules.Skip(1));
        Assert.Equal("invalid_refresh_token", changed.Errors.Rules[0].Code);
    }

    [Fact]
    public void A_change_reaches_the_variants_of_the_entry()
    {
        Write("ebay.yaml", "key: ebay\nrequests: { scope_on_refresh: send_granted }");

        Assert.Equal(ScopeOnRefresh.SendGranted, Load().Find("ebay-sandbox")!.Requests.ScopeOnRefresh);
    }

    [Fact]
    public void A_mistake_in_a_merged_entry_is_named_where_it_stands()
    {
        Write("ebay.yaml", "key: ebay\nendpoints:\n  token: https://{tenant}.example.com/token");

        var error = Assert.Single(Errors());

        Assert.Equal((Path.Combine(_folder, "ebay.yaml"), 3, "endpoints.token"), (error.File, error.Line, error.Field));
    }

    [Fact]
    public void Other_files_and_hidden_ones_are_left_alone()
    {
        Write("README.md", "not yaml: [");
        Write(".acme.yaml", "not yaml: [");
        Write("acme.yaml.bak", "not yaml: [");
        Directory.CreateDirectory(Path.Combine(_folder, "..data.yaml"));

        Assert.Equal(ProviderCatalogue.Load().All.Count, Load().All.Count);
    }

    [Fact]
    public void Two_files_with_one_key_are_a_mistake()
    {
        Write("a.yaml", Acme);
        Write("b.yaml", Acme);

        var error = Assert.Single(Errors());

        Assert.Equal(("key", 1), (error.Field, error.Line));
        Assert.Contains("a.yaml", error.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_that_does_not_exist_is_a_mistake()
    {
        var missing = Path.Combine(_folder, "missing");

        var exception = Assert.Throws<ProviderCatalogueException>(() => ProviderCatalogue.Load(missing));

        var error = Assert.Single(exception.Errors);
        Assert.Equal(missing, error.File);
        Assert.Contains("does not exist", error.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_cannot_be_opened_is_a_mistake()
    {
        File.CreateSymbolicLink(Path.Combine(_folder, "gone.yaml"), Path.Combine(_folder, "nowhere"));

        Assert.Contains("cannot be read", Assert.Single(Errors()).Problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "is empty")]
    [InlineData("# only a comment\n", "is empty")]
    [InlineData("---\n...\n", "must be a list of fields")]
    [InlineData("just text", "must be a list of fields")]
    [InlineData("- key: acme", "must be a list of fields")]
    [InlineData("key: acme\n---\nkey: other", "more than one document")]
    [InlineData("key: [", "not valid YAML")]
    [InlineData("key: acme\n\tdisplay_name: x", "not valid YAML")]
    [InlineData("key: acme\nkey: acme", "written twice")]
    [InlineData("key: acme\nlinks: { status: a, status: b }", "written twice")]
    [InlineData("key: &a acme", "anchors")]
    [InlineData("a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\nd: [*c, *c]", "anchors")]
    [InlineData("key: *missing", "anchors")]
    [InlineData("key: acme\n<<: { note: x }", "unknown field")]
    [InlineData("key: !!binary aGk=", "tags")]
    [InlineData("!acme key: acme", "tags")]
    [InlineData("? [a, b]\n: c", "must be plain text")]
    [InlineData("display_name: Acme", "the field is missing")]
    [InlineData("key: acme\ndisplay_name: \"a\\0b\"", "must not contain control characters")]
    public void What_is_no_entry_is_a_mistake(string text, string problem)
    {
        Write("acme.yaml", text);

        Assert.Contains(Errors(), error => error.Problem.Contains(problem, StringComparison.Ordinal));
    }

    [Fact]
    public void Large_files_are_a_mistake()
    {
        Write("acme.yaml", new string('#', 5_000_000));

        Assert.Contains("larger than 256 KB", Assert.Single(Errors()).Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Binary_files_are_a_mistake()
    {
        var random = new Random(1);
        var bytes = new byte[10_000];
        random.NextBytes(bytes);
        File.WriteAllBytes(Path.Combine(_folder, "acme.yaml"), bytes);
        File.WriteAllBytes(Path.Combine(_folder, "utf16.yaml"), Encoding.Unicode.GetBytes(Acme));

        Assert.All(Errors(), error => Assert.Contains("not UTF-8 text", error.Problem, StringComparison.Ordinal));
        Assert.Equal(2, Errors().Count);
    }

    [Fact]
    public void A_byte_order_mark_and_windows_line_ends_are_fine()
    {
        Write("acme.yaml", "\uFEFF" + Acme.ReplaceLineEndings("\r\n"));

        Assert.NotNull(Load().Find("acme"));
    }

    [Theory]
    [InlineData("[", "]")]
    [InlineData("{a: ", "}")]
    [InlineData("- ", "")]
    public void Deep_files_are_a_mistake(string open, string close)
    {
        const int depth = 20_000;
        var text = new StringBuilder("key: acme\nnote: \n ").Insert(18, open, depth);
        for (var i = 0; i < depth; i++)
        {
            text.Append(close);
        }

        Write("acme.yaml", text.ToString());

        Assert.Contains("nested too deeply", Assert.Single(Errors()).Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Endless_lists_are_a_mistake()
    {
        Write("acme.yaml", Acme + "\ndefault_scopes: [" + string.Join(',', Enumerable.Repeat("a", 60_000)) + "]");

        Assert.Contains("too many values", Assert.Single(Errors()).Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Whatever_a_file_holds_the_answer_is_a_list_of_mistakes()
    {
        var random = new Random(7);
        var seeds = new[] { Acme, File.ReadAllText(Write("seed.txt", Acme)), "key: a\nvariables: { b: { values: { c: d } } }\nerrors: { rules: [{ code: x }] }" };
        const string alphabet = "abc:{}[],&*!|>'\"%@`#?-~\n\t \\\u00e9\u2028\ud83d\ude00<0.";
        for (var i = 0; i < 3_000; i++)
        {
            var text = new StringBuilder(seeds[random.Next(seeds.Length)]);
            for (var edits = random.Next(1, 8); edits > 0; edits--)
            {
                text.Insert(random.Next(text.Length), alphabet[random.Next(alphabet.Length)]);
                text.Remove(random.Next(text.Length), random.Next(2));
            }

            var errors = new List<ProviderCatalogueError>();
            if (CatalogueYaml.Read("fuzz.yaml", Encoding.UTF8.GetBytes(text.ToString()), errors) is { } entry)
            {
                _ = ProviderDefinitionRules.Check(ProviderDefinitionReader.Read(entry, errors)).ToArray();
            }
        }
    }

    private const string Acme = """
        key: acme
        display_name: Acme
        endpoints: { authorize: https://acme.example/authorize, token: https://acme.example/token }
        """;

    private string Write(string name, string text)
    {
        var path = Path.Combine(_folder, name);
        File.WriteAllText(path, text);
        return path;
    }

    private ProviderCatalogue Load() => ProviderCatalogue.Load(_folder);

    private IReadOnlyList<ProviderCatalogueError> Errors() => Assert.Throws<ProviderCatalogueException>(Load).Errors;
}
