#include "service/forwarding/srs.h"

#include <gtest/gtest.h>

#include "text/ascii.h"

namespace posthorn::service {
namespace {

constexpr std::int64_t kDay = 86400;
constexpr std::int64_t kNow = 20'000 * kDay + 100;

const SrsKeys kKeys = {{"secret"}};

EnvelopeAddress address(std::string local, std::string domain) {
  std::string written = local + '@' + domain;
  return {std::move(local), std::move(domain), std::move(written)};
}
EnvelopeAddress split(const std::string& written) {
  const std::size_t at = written.rfind('@');
  return address(written.substr(0, at), written.substr(at + 1));
}
EnvelopeAddress rewrite(const EnvelopeAddress& sender, const std::string& domain) {
  auto done = srs_rewrite(sender, domain, kKeys, kNow);
  EXPECT_TRUE(done);
  return done ? *done : EnvelopeAddress{};
}
/// Where an address leads back to; "refused" if nowhere.
std::string back(const EnvelopeAddress& address, const SrsKeys& keys = kKeys,
                 std::int64_t now = kNow) {
  auto done = srs_reverse(address, keys, now);
  return done ? done->written : "refused";
}

TEST(Srs, LeadsBack) {
  const EnvelopeAddress once = rewrite(address("Ada.B+x=y", "Sender.example"), "a.example");
  EXPECT_TRUE(is_srs(once.local_part));
  EXPECT_EQ(once.domain, "a.example");
  EXPECT_TRUE(once.written.starts_with("SRS0="));
  EXPECT_TRUE(once.written.ends_with("=Sender.example=Ada.B+x=y@a.example")) << once.written;
  EXPECT_EQ(back(once), "Ada.B+x=y@Sender.example");
  EXPECT_EQ(srs_origin(once)->written, "Ada.B+x=y@Sender.example");
  // 20,000 modulo 1,024 is 544: "RA" in base 32.
  EXPECT_EQ(once.local_part.substr(11, 4), "=RA=");
  // Servers on the way may write all in small letters.
  EXPECT_EQ(back(split(text::lower(once.written))), "ada.b+x=y@sender.example");
  EXPECT_EQ(back(split(text::upper(once.written))), "ADA.B+X=Y@SENDER.EXAMPLE");
}

TEST(Srs, QuotesWhatNeedsIt) {
  const EnvelopeAddress once = rewrite({"a \"b", "[192.0.2.1]", ""}, "a.example");
  EXPECT_EQ(once.written.substr(0, 6), "\"SRS0=");
  EXPECT_EQ(back(once), "\"a \\\"b\"@[192.0.2.1]");
}

TEST(Srs, KeepsTheFirstAndTheLastServer) {
  const EnvelopeAddress once = rewrite(address("ada", "sender.example"), "a.example");
  const EnvelopeAddress twice = rewrite(once, "b.example");
  EXPECT_TRUE(twice.written.starts_with("SRS1=")) << twice.written;
  EXPECT_TRUE(twice.local_part.ends_with("=a.example=" + once.local_part.substr(4)));
  EXPECT_EQ(back(twice), once.written);
  const EnvelopeAddress thrice = rewrite(twice, "c.example");
  EXPECT_EQ(thrice.local_part.size(), twice.local_part.size());
  EXPECT_EQ(back(thrice), once.written);
  // Another separator, as other programs may use it.
  const EnvelopeAddress other = address("SRS0+hash=TT=sender.example=ada", "a.example");
  EXPECT_EQ(back(rewrite(other, "b.example")), other.written);
}

TEST(Srs, RefusesWhatItHasNotMade) {
  const EnvelopeAddress once = rewrite(address("ada", "sender.example"), "a.example");
  const EnvelopeAddress twice = rewrite(once, "b.example");
  for (const EnvelopeAddress& good : {once, twice}) {
    // Each octet counts, apart from the separators.
    for (std::size_t i = 5; i < good.local_part.size(); ++i) {
      EnvelopeAddress changed = good;
      changed.local_part[i] = changed.local_part[i] == 'x' ? 'y' : 'x';
      EXPECT_EQ(back(changed), "refused") << changed.local_part;
    }
    EXPECT_EQ(back(good, {{"another"}}), "refused");
  }
  for (const std::string local :
       {"SRS0", "SRS0=", "SRS0==", "SRS0====", "SRS0=AAAAAA=RA=sender.example=",
        "SRS1=x=a.example=", "SRS0=RA=sender.example=ada", "SRS0=AAAAAA=RA==ada",
        "SRS1=AAAAAA=a.example=nothing", "SRS2=AAAAAA=RA=sender.example=ada", "ada", ""})
    EXPECT_EQ(back(address(local, "a.example")), "refused") << local;
}

TEST(Srs, ExpiresAndOutlivesARotation) {
  const EnvelopeAddress once = rewrite(address("ada", "sender.example"), "a.example");
  EXPECT_EQ(back(once, kKeys, kNow + kSrsDays * kDay), "ada@sender.example");
  EXPECT_EQ(back(once, kKeys, kNow + (kSrsDays + 1) * kDay), "refused");
  EXPECT_EQ(back(once, kKeys, kNow - kDay), "ada@sender.example");
  EXPECT_EQ(back(once, kKeys, kNow - 2 * kDay), "refused");
  // After 1,024 days the stamp is the same again, and the keys are others.
  EXPECT_EQ(back(once, {{"newer", "secret"}}), "ada@sender.example");
  EXPECT_EQ(back(once, {{"newer"}}), "refused");
  auto newer =
      srs_rewrite(address("ada", "sender.example"), "a.example", {{"newer", "secret"}}, kNow);
  EXPECT_EQ(back(*newer, {{"newer"}}), "ada@sender.example");
}

TEST(Srs, RefusesAnAddressThatWouldBeTooLong) {
  const auto long_one =
      srs_rewrite(address(std::string(240, 'a'), "sender.example"), "a.example", kKeys, kNow);
  ASSERT_FALSE(long_one);
  EXPECT_EQ(long_one.error().kind, ErrorKind::bad_argument);
}

}  // namespace
}  // namespace posthorn::service
