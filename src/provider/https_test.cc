#include "provider/https.h"

#include <gtest/gtest.h>

namespace posthorn::provider {
namespace {

TEST(Https, OnlyHttpsIsAsked) {
  const auto may = [](const char* url, PlainHttp plain = PlainHttp::on_loopback) {
    return check_url(url, plain).has_value();
  };
  EXPECT_TRUE(may("https://id.example.org/jwks?x=1"));
  EXPECT_TRUE(may("https://id.example.org:8443"));
  EXPECT_TRUE(may("http://127.0.0.1:80/jwks"));
  EXPECT_TRUE(may("http://[::1]/jwks"));
  EXPECT_FALSE(may("http://127.0.0.1:80/jwks", PlainHttp::refused));
  for (const char* bad :
       {"", "id.example.org", "http://id.example.org/", "http://localhost/", "http://127.evil.org/",
        "http://127.0.0.1.evil.org/", "file:///etc/passwd", "ftp://id.example.org/",
        "gopher://127.0.0.1/", "https://user@id.example.org/", "https://u:p@id.example.org/",
        "https://id.example.org/#x", "https://id.example.org/ x", "https://id.example.org/\r\nX: y",
        "https://", "javascript:alert(1)"})
    EXPECT_FALSE(may(bad)) << bad;
  Https https({});
  EXPECT_EQ(https.ask({.url = "file:///etc/passwd"}).error().kind, ErrorKind::bad_argument);
}

TEST(Https, EncodesWhatAFormNeeds) {
  EXPECT_EQ(percent_encoded("aZ0-._~"), "aZ0-._~");
  EXPECT_EQ(percent_encoded("a+b/c=&\n\xff"), "a%2Bb%2Fc%3D%26%0A%FF");
}

TEST(Https, SaysThatNobodyAnswers) {
  Https https({.timeout = std::chrono::milliseconds(500)});
  // The discard port, where nobody listens.
  EXPECT_EQ(https.ask({.url = "http://127.0.0.1:9/"}).error().kind, ErrorKind::unavailable);
  https.stop();
  EXPECT_EQ(https.ask({.url = "http://127.0.0.1:9/"}).error().text, "the server is stopping");
}

}  // namespace
}  // namespace posthorn::provider
