#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>

#include "async/run.h"
#include "auth/authenticator.h"
#include "auth/sasl/exchange.h"

/// What the tests of the authenticator share.
namespace posthorn::auth {

class FakeDirectory final : public Directory {
 public:
  async::Task<Result<std::optional<LoginRecord>>> find(std::string login) override {
    if (broken) co_return fail(ErrorKind::io, "disk");
    const auto at = records.find(login);
    if (at == records.end()) co_return std::nullopt;
    co_return at->second;
  }
  async::Task<Status> keep_keys(LoginRecord record, ScramKeys keys) override {
    records[record.name].keys = std::move(keys);
    records[record.name].hash.reset();
    ++kept;
    co_return Status();
  }
  async::Task<Status> note_use(AccountId /*account*/, std::uint64_t app_password) override {
    used = app_password;
    co_return Status();
  }
  async::Task<Result<std::optional<LoginRecord>>> find_recent(std::string login) override {
    const auto at = recent.find(login);
    if (at == recent.end()) co_return std::nullopt;
    co_return at->second;
  }
  async::Task<Result<bool>> verify(LoginRecord record,
                                   std::shared_ptr<const Secret> password) override {
    ++verified;
    if (down) co_return fail(ErrorKind::unavailable, "down");
    co_return password->reveal() == passwords[record.name];
  }
  async::Task<bool> take_as_long(std::string /*login*/) override {
    ++imitated;
    co_return imitates;
  }
  async::Task<Result<LoginRecord>> admit(LoginRecord record) override {
    if (record.account == AccountId{}) {
      record.account = random_partition_id();
      records[record.name].account = record.account;
    }
    co_return std::move(record);
  }
  std::map<std::string, LoginRecord> recent;
  std::map<std::string, std::string> passwords;  ///< Of users of an outside directory.
  bool down = false;
  bool imitates = false;
  int verified = 0;
  int imitated = 0;
  int kept = 0;
  std::uint64_t used = 0;
  std::map<std::string, LoginRecord> records;
  bool broken = false;
};

class Auth : public testing::Test {
 protected:
  Auth() {
    add("anna", "secret");
    add("bob", "hunter2");
  }
  void add(const std::string& name, const std::string& password) {
    directory_.records[name] = {.account = random_partition_id(),
                                .name = name,
                                .keys = make_keys(password, 8),
                                .state = AccountState::active,
                                .version = 1};
  }
  Result<Identity> login(const std::string& user, const std::string& password) {
    return async::run_blocking(auth_.login(user, Secret(password), {"192.0.2.1:1", "LOGIN"}));
  }
  std::unique_ptr<Exchange> exchange(std::string_view mechanism) {
    return std::make_unique<Exchange>(
        auth_,
        *make_mechanism(mechanism, {Channel::Secrecy::tls, Plaintext::allowed, {}}, auth_.sasl()),
        Source{.peer = "192.0.2.1:1", .mechanism = {}, .service = Protocol::imap});
  }
  ManualClock clock_{1'000'000};
  FakeDirectory directory_;
  Throttle throttle_{{.free_guesses = 5,
                      .first_delay = std::chrono::milliseconds(1),
                      .longest_delay = std::chrono::milliseconds(2)},
                     clock_};
  async::OffloadPool pool_{1, 2};
  HashQueue hashing_{pool_, {}};
  Authenticator auth_{
      directory_, throttle_, hashing_, clock_, {.sasl = {.decoy_key = "k", .decoy_iterations = 8}}};
};

}  // namespace posthorn::auth
