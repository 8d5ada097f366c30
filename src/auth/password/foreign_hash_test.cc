#include "auth/password/foreign_hash.h"

#include <fmt/core.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>

#include "auth/credentials.h"
#include "auth/password/imported_password.h"

namespace posthorn::auth {
namespace {

struct Vector {
  std::string_view text;
  std::string_view scheme;
};

/// Hashes of "secret", made by Dovecot 2.3.19, libxcrypt 4.4.33 and slappasswd's format.
constexpr std::array kVectors = {
    Vector{"{SHA512-CRYPT}$6$YXMJDmZUj8pgxBhb$/mA9mheyw2Mt832owy46T3wJTbuQG46z65wWKcK1N5YC4hrAWsFuw"
           "8Ad3NbxlpeRBfpyvzXohq203WlramfV..",
           "SHA512-CRYPT"},
    Vector{"$5$gW4xfNDjlIQ5iVFm$BGRAMPtU.QytbKN9oHqkwO9sptUa/6GUf851zUF7721", "SHA256-CRYPT"},
    Vector{"{BLF-CRYPT}$2y$05$tWgebcrrScK7hZu4GizuG.a1kjrm6djnRiIzZalnuoE6Vkv7uvYEO", "BLF-CRYPT"},
    Vector{"{CRYPT}$2y$05$aQ7sVv0A.Mnl.ZbQI.dKF.s43k63M5y6VUZP1u8063tfw3vZZesu.", "BLF-CRYPT"},
    Vector{"{MD5-CRYPT}$1$QNNGkG6c$N9HyiEsVZghU0eLfn2Kyl/", "MD5-CRYPT"},
    Vector{"{MD5}$1$QNNGkG6c$N9HyiEsVZghU0eLfn2Kyl/", "MD5-CRYPT"},
    Vector{"{ARGON2I}$argon2i$v=19$m=32768,t=4,p=1$XtJpeO/acqsps3R/x+uYmg$2w6DVbcURMj8e6XFk0+6wYvqf"
           "I7jh3tJwmQLg0g6RBY",
           "ARGON2I"},
    Vector{"$argon2id$v=19$m=65536,t=3,p=1$+NcxgeKDe6kLZimJFuKhhw$CZQB+c2S6GWdDo75naobRFi+QFQa+rPQP"
           "bvZolGRHaw",
           "ARGON2ID"},
    Vector{"{PBKDF2}$1$Jv584dI/cWZjxl3N$5000$e6228872f666aea0b48ad8c1f597a189c440a9f2", "PBKDF2"},
    Vector{"{SSHA}USK0Dx8VBSzeC/xlkqq9EhinnW7r2eje", "SSHA"},
    Vector{"{SSHA256}pBFkz2+RtvYZ6Vkk0fWn/SEX/to2sGwy/FhbggMbLXzOcQIY", "SSHA256"},
    Vector{"{ssha256.hex}defa5d675751f715056e841e3f99341c34c2e662f20bbb00cb454ff14224809377bc63b2",
           "SSHA256"},
    Vector{"{SSHA512}0UiGn8Md9f9oS3D4zTQAieQ+XSHzSWEzhXC+8MDCLNkxFtXtDNfVAaM7Hp7iMdhgz6PcMRL483zje8"
           "+iQqYYb1VFEY4=",
           "SSHA512"},
    Vector{"{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=", "SHA"},
    Vector{"{SHA1}e5e9fa1ba31ecd1ae84f75caaa474f3a663f05f4", "SHA"},
    Vector{"{SHA256}K7gNU3sdo+OL0wNhqoVWhr3g6s1xYv72ol/pe/Unols=", "SHA256"},
    Vector{"{SHA256.b64}K7gNU3sdo+OL0wNhqoVWhr3g6s1xYv72ol/pe/Unols=", "SHA256"},
    Vector{"{SHA512}vSsar3708Jvp9Szi2NWZZ02Bqp1qRCFpbcTZPdBhnWgs5WtNZKnvCXdhztmeD2cmW192CF5bDufKRpa"
           "yrW/isg==",
           "SHA512"},
    Vector{"{SMD5}CGPULL8Emp33j2g7jLTTvQ/CJ38=", "SMD5"},
    Vector{"{PLAIN-MD5}5ebe2294ecd0e0f08eab7690d2a6ee69", "PLAIN-MD5"},
    Vector{"{LDAP-MD5}Xr4ilOzQ4PCOq3aQ0qbuaQ==", "PLAIN-MD5"},
    Vector{"{MD5}Xr4ilOzQ4PCOq3aQ0qbuaQ==", "PLAIN-MD5"},
    Vector{"{DES-CRYPT}70zKlXdGBSQj.", "DES-CRYPT"},
    Vector{"{CRYPT}70zKlXdGBSQj.", "DES-CRYPT"},
    Vector{"$y$j9T$F5Jx5fExrKuPp53xLKQ..1$GmcwIgvdUC9qLWcKCi6gklUa1dM3ziD43YxYNURLKy0", "YESCRYPT"},
    Vector{"$gy$j9T$F5Jx5fExrKuPp53xLKQ..1$uE5FcoxTz78xZpMZkpTmj/0MogyeNUSLIjdCxpQjz.8",
           "GOST-YESCRYPT"},
    Vector{"$6$rounds=6000$salt$Rh87ivXfyVG9.QzH27zs9csOicHr2l5etNYPUo."
           "XfhzS76WEA8Ih9SS7QL0rfc894ZdLs9Iy8dn0qyRLfp4ss1",
           "SHA512-CRYPT"},
    Vector{"$2a$05$abcdefghijklmnopqrstuuOQiyCxlgf/oeuTqixKmWdcYUh4Hjl0a", "BLF-CRYPT"},
    Vector{"$2b$05$abcdefghijklmnopqrstuuOQiyCxlgf/oeuTqixKmWdcYUh4Hjl0a", "BLF-CRYPT"},
};

TEST(ForeignHash, VerifiesThePasswordAndNoOther) {
  for (const Vector& vector : kVectors) {
    const auto hash = ForeignHash::parse(vector.text);
    ASSERT_TRUE(hash.has_value()) << vector.text << ": " << hash.error().text;
    EXPECT_EQ(hash->scheme(), vector.scheme);
    EXPECT_TRUE(hash->verify("secret")) << vector.text;
    for (const char* const wrong : {"Secret", "secre", ""})
      EXPECT_FALSE(hash->verify(wrong)) << vector.text << " " << wrong;
    EXPECT_FALSE(hash->verify(std::string_view("secret\0", 7))) << vector.text;
    EXPECT_TRUE(hash->check_cost({})) << vector.text;
    EXPECT_TRUE(hash->check_whole()) << vector.text;
  }
}

TEST(ForeignHash, SurvivesStorage) {
  for (const Vector& vector : kVectors) {
    const auto hash = ForeignHash::parse(vector.text);
    ASSERT_TRUE(hash.has_value());
    const std::string stored = encode_credentials({{}, *hash});
    const auto read = decode_credentials(stored);
    ASSERT_TRUE(read.has_value()) << vector.text;
    EXPECT_EQ(*read, (Credentials{{}, *hash}));
    EXPECT_FALSE(decode_credentials(stored + "x").has_value());
    const Credentials both{make_keys("secret", 8), *hash};
    EXPECT_EQ(*decode_credentials(encode_credentials(both)), both);
  }
}

TEST(ForeignHash, NoPieceOfAHashIsOne) {
  for (const Vector& vector : kVectors) {
    const auto whole = ForeignHash::parse(vector.text);
    for (std::size_t length = 0; length < vector.text.size(); ++length) {
      const auto hash = ForeignHash::parse(vector.text.substr(0, length));
      // Salts have no fixed length, and what is not checked by its length is a hash that no
      // password has.
      const bool is_padding = vector.text.find_first_not_of('=', length) == std::string_view::npos;
      if (hash && !is_padding) {
        EXPECT_FALSE(*hash == *whole) << vector.text.substr(0, length);
      }
    }
  }
}

TEST(ForeignHash, RefusesWhatItCannotVerify) {
  for (const char* const text :
       {"{CRAM-MD5}9186d855e11eba527a7a52ca82b313e180d62234f0acc9051b527243d41e2740",
        "{SCRAM-SHA-1}4096,x,y,z", "{NTLM}F0D412BD764FFE81AAD3B435B51404EE", "{SASL}ada@EXAMPLE",
        "{CRYPT}$9$abc$def", "{SHA256.XYZ}K7gNU3sdo", "$7$C6..../....SodiumChloride$x"})
    EXPECT_EQ(ForeignHash::parse(text).error().kind, ErrorKind::not_supported) << text;
  for (const char* const text :
       {"", "secret", "!", "*", "{SSHA}", "{SSHA}5en6G6MezRroT3XKqkdPOmY/BfQ=", "{SHA}abcd",
        "{SHA256}zz", "{PBKDF2}$1$salt$0$e6228872f666aea0b48ad8c1f597a189c440a9f2",
        "{PBKDF2}$1$salt$99$e622", "{ARGON2ID}$argon2id$v=19$m=65536,t=3,p=1$", "{MD5-CRYPT}$1$x",
        "{SHA512-CRYPT}$5$gW4xfNDjlIQ5iVFm$BGRAMPtU.QytbKN9oHqkwO9sptUa/6GUf851zUF7721",
        "{CRYPT}$6$sa:lt$hash$"})
    EXPECT_EQ(ForeignHash::parse(text).error().kind, ErrorKind::bad_argument) << text;
}

TEST(ForeignHash, AnErrorDoesNotShowTheHash) {
  for (const char* const text : {"{SSHA}secretsecret", "{FOO}secretsecret", "secretsecret"})
    EXPECT_EQ(ForeignHash::parse(text).error().text.find("secret"), std::string::npos) << text;
}

TEST(ForeignHash, KnowsWhatVerifyingCosts) {
  const auto refused = [](std::string_view text) {
    const auto hash = ForeignHash::parse(text);
    return hash && !hash->check_cost({});
  };
  EXPECT_TRUE(refused("$6$rounds=1000001$salt$hash"));
  EXPECT_FALSE(refused("$6$rounds=1000000$salt$hash"));
  EXPECT_TRUE(refused("$2y$15$tWgebcrrScK7hZu4GizuG.a1kjrm6djnRiIzZalnuoE6Vkv7uvYEO"));
  EXPECT_FALSE(refused("$2y$14$tWgebcrrScK7hZu4GizuG.a1kjrm6djnRiIzZalnuoE6Vkv7uvYEO"));
  EXPECT_TRUE(refused("$argon2id$v=19$m=262145,t=3,p=1$c2FsdHNhbHQ$aGFzaGhhc2g"));
  EXPECT_FALSE(refused("$argon2id$v=19$m=262144,t=3,p=1$c2FsdHNhbHQ$aGFzaGhhc2g"));
  EXPECT_TRUE(refused("$argon2id$v=19$m=65536,t=17,p=1$c2FsdHNhbHQ$aGFzaGhhc2g"));
  EXPECT_TRUE(refused("{PBKDF2}$1$salt$1000001$e6228872f666aea0b48ad8c1f597a189c440a9f2"));
  // 128 * 2^N * r octets: N = 17 and r = 32 are 512 MiB.
  EXPECT_TRUE(refused("$y$jET$F5Jx5fExrKuPp53xLKQ..1$hash"));
  EXPECT_FALSE(refused("$y$j9T$F5Jx5fExrKuPp53xLKQ..1$hash"));
  // 2^40 * 128 * 2^17 octets are none at all in 64 bits.
  EXPECT_FALSE(ForeignHash::parse("$y$jbwPrD$F5Jx5fExrKuPp53xLKQ..1$hash"));
  // What is not understood is not stored.
  EXPECT_FALSE(ForeignHash::parse("$y$j9T0x$F5Jx5fExrKuPp53xLKQ..1$hash"));
  EXPECT_FALSE(ForeignHash::parse("$2x$05$tWgebcrrScK7hZu4GizuG.a1kjrm6djnRiIzZalnuoE6Vkv7uvYEO"));
  EXPECT_FALSE(ForeignHash::parse("$argon2id$v=19$m=65536,t=3,p=17$c2FsdHNhbHQ$aGFzaGhhc2g"));
  EXPECT_NE(ForeignHash::parse("$6$salt$hash")->cost(),
            ForeignHash::parse("$6$rounds=6000$salt$hash")->cost());
}

/// What importing it fails with; nothing if it is taken.
std::string refusal(std::string_view text, const HashLimits& limits) {
  const auto read = parse_imported(text, "CRYPT", limits);
  return read ? "" : read.error().text;
}

TEST(ImportedPassword, EveryCostHasALimitOfItsOwn) {
  const HashLimits most{.iterations = 6000, .bcrypt_cost = 5, .memory_octets = 64U << 20};
  for (const Vector& vector : kVectors) EXPECT_EQ(refusal(vector.text, most), "") << vector.text;
  HashLimits iterations = most;
  iterations.iterations = 4999;
  HashLimits cost = most;
  cost.bcrypt_cost = 4;
  HashLimits memory = most;
  memory.memory_octets = (16U << 20) - 1;
  for (const Vector& vector : kVectors) {
    const auto is_one_of = [&vector](std::initializer_list<std::string_view> schemes) {
      return std::ranges::find(schemes, vector.scheme) != schemes.end();
    };
    EXPECT_EQ(refusal(vector.text, iterations).contains(" iterations; at most 4999 are accepted"),
              is_one_of({"SHA512-CRYPT", "SHA256-CRYPT", "PBKDF2"}))
        << vector.text;
    EXPECT_EQ(refusal(vector.text, cost).contains(" has cost 5; at most 4 is accepted"),
              is_one_of({"BLF-CRYPT"}))
        << vector.text;
    EXPECT_EQ(refusal(vector.text, memory).contains(" octets of memory; at most 16777215 "),
              is_one_of({"YESCRYPT", "GOST-YESCRYPT", "ARGON2I", "ARGON2ID"}))
        << vector.text;
  }
  EXPECT_NE(refusal("$argon2i$v=19$m=4096,t=17,p=1$c2FsdHNhbHQ$aGFzaGhhc2g", most)
                .find("17 passes over the memory; at most 16"),
            std::string::npos);
}

TEST(ImportedPassword, RefusesHashesThatNoPasswordHas) {
  // Each is one character short, as a column of a table may cut it off. Argon2 has no fixed length.
  for (const Vector& vector : kVectors) {
    const bool is_crypt = vector.text.contains('$') || vector.scheme == "DES-CRYPT";
    if (!is_crypt || vector.scheme.starts_with("ARGON2")) continue;
    EXPECT_NE(refusal(vector.text.substr(0, vector.text.size() - 1), {}), "") << vector.text;
  }
  const std::string_view kResult =
      "Rh87ivXfyVG9.QzH27zs9csOicHr2l5etNYPUo.XfhzS76WEA8Ih9SS7QL0rfc894ZdLs9Iy8dn0qyRLfp4ss1";
  const auto sha = [&kResult](std::string_view rounds) {
    return fmt::format("$6$rounds={}$salt${}", rounds, kResult);
  };
  EXPECT_EQ(refusal(sha("6000"), {}), "");
  for (const char* const rounds : {"0", "999", "06000", ""})
    EXPECT_NE(refusal(sha(rounds), {}), "") << rounds;
  const auto argon2 = [](std::string_view parameters) {
    return fmt::format("$argon2id${}$c2FsdHNhbHQ$aGFzaGhhc2g", parameters);
  };
  EXPECT_EQ(refusal(argon2("v=19$m=65536,t=3,p=1"), {}), "");
  EXPECT_EQ(refusal(argon2("m=65536,t=3,p=1"), {}), "");
  for (const char* const parameters :
       {"v=20$m=65536,t=3,p=1", "v=$m=65536,t=3,p=1", "v=19$m=7,t=3,p=1", "v=19$m=65536,t=0,p=1",
        "v=19$m=65536,t=3,p=0"})
    EXPECT_NE(refusal(argon2(parameters), {}), "") << parameters;
  EXPECT_NE(refusal("$argon2id$v=19$m=65536,t=3,p=1$c2FsdA$aGFzaGhhc2g", {}), "") << "a short salt";
  // Such a hash is read where it is stored already.
  EXPECT_TRUE(ForeignHash::parse(sha("999")));
}

TEST(ImportedPassword, TakesScramKeysAsTheyAre) {
  constexpr std::string_view kKeys =
      "4096,VBr22/nFn7Qf2QV+MaWqkg==,UR1ncJJq3nwlbVKegUkpqQaBUnH6VF9asiVyDToSf1o=,"
      "DIzkKaplDxSjPvAwWYy9kC6JZBB3KgsrDStC1U7Nor4=";
  constexpr std::string_view kOfPostgres =
      "SCRAM-SHA-256$4096:VBr22/nFn7Qf2QV+MaWqkg==$UR1ncJJq3nwlbVKegUkpqQaBUnH6VF9asiVyDToSf1o=:"
      "DIzkKaplDxSjPvAwWYy9kC6JZBB3KgsrDStC1U7Nor4=";
  for (const std::string& text :
       {"{SCRAM-SHA-256}" + std::string(kKeys), std::string(kOfPostgres)}) {
    const auto read = parse_imported(text, "CRYPT", {});
    ASSERT_TRUE(read.has_value()) << read.error().text;
    ASSERT_TRUE(std::holds_alternative<ScramKeys>(*read));
    EXPECT_TRUE(verify_password(std::get<ScramKeys>(*read), "secret"));
    EXPECT_FALSE(verify_password(std::get<ScramKeys>(*read), "Secret"));
  }
  EXPECT_EQ(
      parse_imported("{SCRAM-SHA-256}" + std::string(kKeys), "", {.iterations = 4095}).error().kind,
      ErrorKind::limit);
  EXPECT_TRUE(parse_imported(kOfPostgres, "", {.iterations = 4096}));
  EXPECT_EQ(parse_imported(kOfPostgres, "", {.iterations = 4095}).error().kind, ErrorKind::limit);
  // Also where the configuration allows more.
  const std::string many = "{SCRAM-SHA-256}1000001" + std::string(kKeys.substr(4));
  EXPECT_EQ(parse_imported(many, "", {.iterations = 100'000'000}).error().kind, ErrorKind::limit);
  EXPECT_FALSE(parse_imported("{SCRAM-SHA-256}4096,VBr2,UR1n,DIzk", "", {}));
}

TEST(ImportedPassword, TakesThePasswordItself) {
  for (const char* const text : {"{PLAIN}secret", "{CLEARTEXT}secret", "{plain.b64}c2VjcmV0"}) {
    const auto read = parse_imported(text, "CRYPT", {});
    ASSERT_TRUE(read.has_value()) << text;
    EXPECT_EQ(std::get<Secret>(*read).reveal(), "secret");
  }
  EXPECT_EQ(std::get<Secret>(*parse_imported("secret", "PLAIN", {})).reveal(), "secret");
  EXPECT_FALSE(parse_imported("{PLAIN}", "CRYPT", {}));
  EXPECT_FALSE(parse_imported("{PLAIN}" + std::string(kMaxPasswordOctets + 1, 'x'), "CRYPT", {}));
}

}  // namespace
}  // namespace posthorn::auth
