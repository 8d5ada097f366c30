#include "app/keys/certificates.h"

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

TEST_F(CertificatesTest, ANewFileIsNoticedUntilItHasBeenRead) {
  const auto certificates = Certificates::open(config_);
  ASSERT_TRUE(certificates);
  EXPECT_FALSE((*certificates)->have_changed());
  const auto chain = std::filesystem::path(config_.data_dir) / "cert.pem";
  const auto renewed = std::filesystem::path(config_.data_dir) / "new.pem";
  std::filesystem::copy_file(chain, renewed);
  std::filesystem::rename(renewed, chain);
  EXPECT_TRUE((*certificates)->have_changed());
  EXPECT_TRUE((*certificates)->renew());
  EXPECT_FALSE((*certificates)->have_changed());
  // One that cannot be used is tried again, and meanwhile the old one is.
  std::filesystem::resize_file(chain, 10);
  EXPECT_TRUE((*certificates)->have_changed());
  EXPECT_FALSE((*certificates)->renew());
  EXPECT_TRUE((*certificates)->have_changed());
  EXPECT_NE((*certificates)->current(), nullptr);
}

TEST_F(CertificatesTest, MoreCertificatesForOtherNames) {
  ASSERT_TRUE(Certificates::open(config_));
  config_.tls.certificate = "cert.pem";
  config_.tls.key = "key.pem";
  config_.tls.more_certificates = {"cert.pem", "missing.pem"};
  config_.tls.more_keys = {"key.pem", "key.pem"};
  const auto missing = Certificates::open(config_);
  ASSERT_FALSE(missing);
  EXPECT_NE(missing.error().text.find("missing.pem"), std::string::npos);
  config_.tls.more_certificates.pop_back();
  config_.tls.more_keys.pop_back();
  EXPECT_TRUE(Certificates::open(config_));
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
