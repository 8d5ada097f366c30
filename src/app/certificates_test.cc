#include "app/certificates.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <string>

namespace posthorn::app {
namespace {

class CertificatesTest : public testing::Test {
 protected:
  CertificatesTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "posthorn-app-XXXXXX").string();
    config_.data_dir = ::mkdtemp(pattern.data());
    config_.hostname = "mail.example.org";
  }
  ~CertificatesTest() override { std::filesystem::remove_all(config_.data_dir); }
  CertificatesTest(const CertificatesTest&) = delete;
  CertificatesTest& operator=(const CertificatesTest&) = delete;

  config::Config config_;
};

TEST_F(CertificatesTest, OneInUseStaysWhenTheNewConfigurationHasNone) {
  // Makes a pair of files to configure.
  ASSERT_TRUE(Certificates::open(config_));
  const auto pair = net::ensure_self_signed(config_.data_dir, {"mail.example.org"});
  ASSERT_TRUE(pair);
  config_.tls.certificate = pair->chain_file;
  config_.tls.key = pair->key_file;
  config_.tls.self_signed_when_missing = false;
  const auto certificates = Certificates::open(config_);
  ASSERT_TRUE(certificates);
  const auto before = (*certificates)->current();
  ASSERT_NE(before, nullptr);
  config_.tls.certificate.clear();
  EXPECT_FALSE((*certificates)->reload(config_));
  EXPECT_EQ((*certificates)->current(), before);
}

TEST_F(CertificatesTest, WhetherToSignItselfIsDecidedAtTheStart) {
  config_.tls.self_signed_when_missing = false;
  const auto certificates = Certificates::open(config_);
  ASSERT_TRUE(certificates);
  config_.tls.self_signed_when_missing = true;
  EXPECT_TRUE((*certificates)->reload(config_));
  EXPECT_EQ((*certificates)->current(), nullptr);
}

}  // namespace
}  // namespace posthorn::app
