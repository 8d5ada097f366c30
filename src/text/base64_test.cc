#include "text/base64.h"

#include <gtest/gtest.h>

namespace posthorn::text {
namespace {

// RFC 4648 §10.
TEST(Base64, Vectors) {
  const std::pair<std::string, std::string> vectors[] = {{"", ""},
                                                         {"f", "Zg=="},
                                                         {"fo", "Zm8="},
                                                         {"foo", "Zm9v"},
                                                         {"foob", "Zm9vYg=="},
                                                         {"fooba", "Zm9vYmE="},
                                                         {"foobar", "Zm9vYmFy"}};
  for (const auto& [plain, encoded] : vectors) {
    EXPECT_EQ(base64_encode(plain), encoded);
    EXPECT_EQ(base64_decode(encoded), plain);
  }
}

TEST(Base64, StrictRefuses) {
  for (const std::string_view bad :
       {"Zg", "Zg=", "Zg===", "Z===", "====", "Zm9v\r\n", "Zm9=Zm9v", "Zh==", "Zm9_", "=Zg="})
    EXPECT_EQ(base64_decode(bad), std::nullopt) << bad;
}

std::string lenient(std::string_view in, std::size_t step) {
  Base64Decoder decoder;
  std::string out;
  for (std::size_t i = 0; i < in.size(); i += step) decoder.feed(in.substr(i, step), out);
  decoder.finish(out);
  return out;
}

TEST(Base64, LenientTakesWhatMailHas) {
  const std::pair<std::string, std::string> cases[] = {{"Zm9v\r\nYmFy\r\n", "foobar"},
                                                       {"Zm 9v!", "foo"},
                                                       {"Zg==Zm9v", "ffoo"},
                                                       {"Zm8", "fo"},
                                                       {"Zg", "f"},
                                                       {"Z", ""},
                                                       {"====", ""},
                                                       {"Zg=Zg=", "ff"}};
  for (const auto& [in, out] : cases)
    for (std::size_t step = 1; step < 8; ++step) EXPECT_EQ(lenient(in, step), out) << in;
}

TEST(Base64, EveryByteRoundTripsInLines) {
  std::string plain;
  for (int i = 0; i < 5000; ++i) plain.push_back(static_cast<char>(i * 7 + i / 256));
  std::string lines;
  const std::string encoded = base64_encode(plain);
  for (std::size_t i = 0; i < encoded.size(); i += 76) lines += encoded.substr(i, 76) + "\r\n";
  for (const std::size_t step : {1U, 3U, 77U, 100000U}) EXPECT_EQ(lenient(lines, step), plain);
  EXPECT_EQ(base64_decode(encoded), plain);
}

}  // namespace
}  // namespace posthorn::text
