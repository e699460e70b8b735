using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using Rekindle.Encryption;

namespace Rekindle.Tests.Encryption;

public sealed class SealerTests
{
    private static readonly DateTimeOffset Now = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly KeyRing Ring = KeyRing.Generate(Now);
    private static readonly Sealer Sealer = new(Ring);
    private static readonly SealContext Context = new("production", "812345678901", SecretKind.RefreshToken, 3);
    private static readonly Config Seeded = Config.QuickThrowOnFailure.WithReplay(20260301, 1).WithQuietOnSuccess(true);

    private static readonly Arbitrary<string> Tokens = ArbMap.Default.ArbFor<NonNull<string>>()
        .Generator.Select(text => text.Get)
        .Where(text => text.Length > 0 && IsUnicode(text))
        .ToArbitrary();

    [Fact]
    [Trait("Req", "D4")]
    public void What_was_sealed_opens_again()
    {
        Prop.ForAll(Tokens, token => Opens(Sealer.Open(Sealer.Seal(new Secret(token), Context), Context), token)).Check(Seeded);
    }

    [Fact]
    public void Long_values_and_long_names_open_again()
    {
        var token = new string('ü', 100_000);
        var context = Context with { Environment = new string('e', 300), Owner = new string('o', 5_000) };

        Assert.True(Opens(Sealer.Open(Sealer.Seal(new Secret(token), context), context), token));
    }

    [Fact]
    public void Sealing_twice_gives_different_bytes()
    {
        var secret = new Secret("the-same-token");

        Assert.NotEqual(Sealer.Seal(secret, Context).Bytes, Sealer.Seal(secret, Context).Bytes);
    }

    [Fact]
    [Trait("Req", "D6")]
    public void A_value_with_any_bit_flipped_does_not_open()
    {
        var bytes = Sealer.Seal(new Secret("refresh-token-0123456789"), Context).Bytes;

        var results = Enumerable.Range(0, bytes.Length * 8).Select(bit => (bit, Result: Sealer.Open(WithFlippedBit(bytes, bit), Context))).ToList();

        Assert.All(results, r => Assert.IsNotType<OpenResult.Opened>(r.Result));
        // Marker and format; key id; everything behind it, including the binding itself.
        Assert.All(results.Where(r => r.bit < 7 * 8), r => Assert.IsType<OpenResult.Malformed>(r.Result));
        Assert.All(results.Where(r => r.bit is >= 7 * 8 and < 11 * 8), r => Assert.IsType<OpenResult.UnknownKey>(r.Result));
        Assert.All(results.Where(r => r.bit >= 11 * 8), r => Assert.Equal(new OpenResult.Damaged(Ring.Current.Id), r.Result));
    }

    [Fact]
    [Trait("Req", "D6")]
    public void A_truncated_value_does_not_open()
    {
        var bytes = Sealer.Seal(new Secret("refresh-token"), Context).Bytes;
        var shortest = bytes.Length - "refresh-token".Length + 1;

        Assert.All(Enumerable.Range(0, shortest), length => Assert.IsType<OpenResult.Malformed>(Sealer.Open(new SealedSecret(bytes[..length]), Context)));
        Assert.All(
            Enumerable.Range(shortest, bytes.Length - shortest),
            length => Assert.IsType<OpenResult.Damaged>(Sealer.Open(new SealedSecret(bytes[..length]), Context)));
    }

    public static TheoryData<SealContext> OtherPlaces =>
    [
        Context with { Environment = "sandbox" },
        Context with { Owner = "812345678902" },
        Context with { Kind = SecretKind.AccessToken },
        Context with { GrantNo = 4 },
        // The same letters, cut elsewhere.
        new SealContext("production8", "12345678901", SecretKind.RefreshToken, 3),
    ];

    [Theory]
    [MemberData(nameof(OtherPlaces))]
    [Trait("Req", "D6")]
    public void A_value_moved_to_another_place_is_reported_as_such(SealContext elsewhere)
    {
        var value = Sealer.Seal(new Secret("refresh-token"), Context);

        Assert.Equal(new OpenResult.BoundElsewhere(Ring.Current.Id), Sealer.Open(value, elsewhere));
    }

    [Fact]
    public void No_two_contexts_open_each_others_values()
    {
        // Few names that run into each other, so that contexts often differ in one part, or in where one part ends.
        var names = Gen.Elements("a", "b", "ab", "aab", "ba");
        var contexts =
            from environment in names
            from owner in names
            from kind in Gen.Elements(SecretKind.RefreshToken, SecretKind.AccessToken)
            from grant in Gen.Choose(0, 1)
            select new SealContext(environment, owner, kind, grant);

        Prop.ForAll(contexts.ToArbitrary(), contexts.ToArbitrary(), (one, other) =>
        {
            var result = Sealer.Open(Sealer.Seal(new Secret("token"), one), other);
            return one == other ? Opens(result, "token") : result is OpenResult.BoundElsewhere;
        }).Check(Seeded.WithMaxTest(1000));
    }

    [Fact]
    [Trait("Req", "D8")]
    public void Values_of_the_previous_key_open_under_a_ring_whose_current_key_is_newer()
    {
        var rotated = Ring.WithNewCurrentKey(Now.AddDays(90));
        var old = Sealer.Seal(new Secret("sealed-before"), Context);
        var fresh = new Sealer(rotated).Seal(new Secret("sealed-after"), Context);

        Assert.True(Opens(new Sealer(rotated).Open(old, Context), "sealed-before"));
        Assert.True(Opens(new Sealer(rotated).Open(fresh, Context), "sealed-after"));
        Assert.Equal(new OpenResult.UnknownKey(rotated.Current.Id), Sealer.Open(fresh, Context));
    }

    [Fact]
    public void One_cipher_opens_and_seals_all_values_of_its_owner_under_every_key_of_the_ring()
    {
        var rotated = new Sealer(Ring.WithNewCurrentKey(Now.AddDays(90)));
        var access = Context with { Kind = SecretKind.AccessToken };
        var old = Sealer.Seal(new Secret("sealed-before"), Context);
        using var cipher = new OwnerCipher(Context.Owner);

        Assert.True(Opens(rotated.Open(old, Context, cipher), "sealed-before"));
        var fresh = rotated.Seal(new Secret("access"), access, cipher);
        Assert.True(Opens(rotated.Open(old, Context, cipher), "sealed-before"));
        Assert.True(Opens(rotated.Open(fresh, access, cipher), "access"));
        Assert.True(Opens(rotated.Open(fresh, access), "access"));
        Assert.IsType<OpenResult.BoundElsewhere>(rotated.Open(fresh, Context, cipher));
    }

    [Fact]
    public void A_cipher_is_its_owners_alone()
    {
        using var cipher = new OwnerCipher(Context.Owner);
        var elsewhere = Context with { Owner = "another" };

        Assert.Throws<ArgumentException>(() => Sealer.Seal(new Secret("token"), elsewhere, cipher));
        Assert.Throws<ArgumentException>(() => Sealer.Open(Sealer.Seal(new Secret("token"), elsewhere), elsewhere, cipher));
    }

    [Fact]
    public async Task No_nonce_comes_twice_on_any_thread()
    {
        var nonces = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => Enumerable.Range(0, 500).Select(_ => Nonce()).ToArray())));

        Assert.Equal(8 * 500, nonces.SelectMany(n => n).Distinct().Count());

        static string Nonce()
        {
            var nonce = new byte[12];
            RandomNonces.Fill(nonce);
            return Convert.ToHexString(nonce);
        }
    }

    [Fact]
    [Trait("Req", "D6")]
    public void A_value_of_another_ring_names_the_key_that_is_missing()
    {
        var other = KeyRing.Generate(Now);
        var value = new Sealer(other).Seal(new Secret("token"), Context);

        Assert.Equal(new OpenResult.UnknownKey(other.Current.Id), Sealer.Open(value, Context));
    }

    [Fact]
    public void Bytes_that_were_never_sealed_are_malformed_and_never_throw()
    {
        Prop.ForAll(ArbMap.Default.ArbFor<byte[]>(), bytes => Sealer.Open(new SealedSecret(bytes), Context) is OpenResult.Malformed).Check(Seeded);
    }

    [Fact]
    [Trait("Failure", "F88")]
    public void No_plain_value_shows_in_text_or_json()
    {
        Secret secret = new("canary-4711-refresh-token");
        var value = Sealer.Seal(secret, Context);
        var opened = Sealer.Open(value, Context);

        string[] shown =
        [
            $"{secret} {value} {opened}",
            JsonSerializer.Serialize(secret),
            JsonSerializer.Serialize(opened as OpenResult.Opened),
            JsonSerializer.Serialize(new { secret, list = new[] { secret } }),
        ];

        Assert.All(shown, text => Assert.DoesNotContain("canary", text, StringComparison.Ordinal));
    }

    [Fact]
    [Trait("Failure", "F88")]
    public void A_value_that_is_not_unicode_is_refused_without_quoting_it()
    {
        var e = Assert.Throws<ArgumentException>(() => Sealer.Seal(new Secret("canary\ud800"), Context));

        Assert.DoesNotContain("canary", e.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("D800", e.ToString(), StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public void An_incomplete_context_is_refused()
    {
        var secret = new Secret("token");

        Assert.ThrowsAny<ArgumentException>(() => Sealer.Seal(secret, default));
        Assert.ThrowsAny<ArgumentException>(() => Sealer.Seal(secret, Context with { Owner = "" }));
        Assert.ThrowsAny<ArgumentException>(() => Sealer.Seal(secret, Context with { Kind = 0 }));
    }

    private static bool Opens(OpenResult result, string expected) => result is OpenResult.Opened(var secret) && secret.Reveal() == expected;

    private static bool IsUnicode(string text) => text.EnumerateRunes().All(rune => rune.Value != 0xFFFD);

    private static SealedSecret WithFlippedBit(byte[] bytes, int bit)
    {
        var copy = bytes.ToArray();
        copy[bit / 8] ^= (byte)(1 << (bit % 8));
        return new SealedSecret(copy);
    }
}
