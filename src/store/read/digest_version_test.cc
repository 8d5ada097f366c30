#include <thread>

#include "async/wait.h"
#include "store/format/codec.h"
#include "store/format/group_page.h"
#include "store/format/keys.h"
#include "store/format/system.h"
#include "store/read/email_reader.h"
#include "store/read/redigest.h"
#include "store/store_fixture.h"

namespace posthorn::store {
namespace {

/// Simulates the data of an older or newer program: digests of another version.
class DigestVersionTest : public StoreFixture {
 protected:
  using Spoil = void (*)(std::string& digest);
  static void other_version(std::string& digest) { digest.front() = 0x7e; }
  static void undecodable(std::string& digest) { digest = digest.substr(0, 1) + "?"; }

  void fill(const AccountPtr& account, int count) {
    const MailboxId inbox = account->published()->find("INBOX")->id;
    ASSERT_TRUE(change(account, {}, [&](Change& c) -> Status {
      for (int i = 0; i < count; ++i) {
        auto made = c.append(inbox, emails_.at(static_cast<std::size_t>(i) % emails_.size()), {},
                             {1'790'000'000 + i, 0});
        if (!made) return pass(made);
      }
      return {};
    }));
  }

  void make_emails(const AccountPtr& account) {
    emails_.push_back(upload(account, message("one")));
    std::string large = message("large");
    while (large.size() < 600'000) large += std::to_string(large.size()) + " of a long letter\r\n";
    emails_.push_back(upload(account, large));
    emails_.push_back(run(prefixed(*store_, account->id())));
  }
  static async::Task<NewEmail> prefixed(Store& store, AccountId id) {
    Upload upload(store, id);
    EXPECT_TRUE(co_await upload.feed(message("delivered")));
    co_return *co_await upload.finish("Return-Path: <ben@example.org>\r\n");
  }

  std::vector<engine::Row> rows(const AccountId& id, const std::string& prefix) {
    return async::wait(engine_->scan(id, prefix, keys::after_prefix(prefix), 100'000))->rows;
  }

  std::string spoiled_page(const AccountId& id, PageNumber number, Spoil spoil) {
    auto page = GroupPage::decode(*async::wait(engine_->read_page(id, number)));
    std::vector<std::string> kept;
    for (std::size_t i = 0; i < (*page)->count(); ++i) spoil(kept.emplace_back((*page)->at(i)));
    std::vector<std::pair<Ordinal, std::string_view>> all;
    for (std::size_t i = 0; i < kept.size(); ++i) all.emplace_back((*page)->ordinal_at(i), kept[i]);
    return GroupPage::encode(all);
  }

  /// Requires: the account is not open.
  void spoil_all(const AccountId& id, Spoil spoil) {
    engine::Commit commit{id, *async::wait(engine_->version(id)), 0, {}, {}};
    for (const engine::Row& row : rows(id, "e")) {
      if (!row.value.starts_with('r')) continue;
      auto email = decode_email(std::string_view(row.value).substr(1));
      spoil(email->keys);
      spoil(email->structure);
      commit.edits.push_back({row.key, "r" + encode_email_page(*email)});
    }
    for (const engine::Row& row : rows(id, "g")) {
      const GroupRef group = *decode_group(Ordinal(keys::last_number(row.key)), row.value);
      for (const PageNumber page : {group.pages[0], group.pages[1]})
        commit.carry.pages.push_back({page, spoiled_page(id, page, spoil)});
    }
    ASSERT_TRUE(commit_and_wait(*engine_, std::move(commit)));
  }

  std::size_t spoiled_groups(const AccountId& id) {
    std::size_t spoiled = 0;
    for (const engine::Row& row : rows(id, "g")) {
      const GroupRef group = *decode_group(Ordinal(keys::last_number(row.key)), row.value);
      const auto trusted = [&](int column, GroupPage::Judge judge) {
        const auto at = static_cast<std::size_t>(column);
        auto bytes = async::wait(engine_->read_page(id, group.pages[at]));
        return bytes && (*GroupPage::decode(*bytes, judge))->trusted();
      };
      if (!trusted(0, is_trusted_keys) || !trusted(1, is_trusted_structure)) ++spoiled;
    }
    return spoiled;
  }

  template <class Condition>
  static bool soon(Condition condition) {
    for (int i = 0; i < 3000 && !condition(); ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    return condition();
  }

  async::Task<std::vector<std::string>> read(AccountPtr account, Columns columns) {
    EmailReader reader(account);
    std::vector<std::string> out;
    const std::uint64_t end = account->published()->counters.next_ordinal.value;
    for (std::uint64_t first = 1; first < end; first += 100) {
      std::vector<Ordinal> some;
      for (std::uint64_t o = first; o < std::min(end, first + 100); ++o) some.emplace_back(o);
      co_await reader.load(some, columns);
      for (const Ordinal ordinal : some) {
        for (const Column column : {Column::keys, Column::structure}) {
          if ((columns & bit(column)) == 0) continue;
          auto bytes = reader.get(ordinal, column);
          out.push_back(bytes ? std::string(*bytes) : "<" + bytes.error().text + ">");
        }
      }
    }
    co_return out;
  }

  /// Clients see the same before, during and after the rewrite.
  void expect_made_again(Spoil spoil) {
    constexpr Columns kBoth = bit(Column::keys) | bit(Column::structure);
    AccountPtr account = make_account("ann@example.org");
    const AccountId id = account->id();
    make_emails(account);
    fill(account, 600);
    ASSERT_TRUE(soon([&] { return !rows(id, "g").empty(); }));
    const std::vector<std::string> before = run(read(account, kBoth));
    ASSERT_EQ(before.size(), 1200U);
    account.reset();
    shut();
    spoil_all(id, spoil);
    ASSERT_EQ(spoiled_groups(id), 1U);
    reopen();
    account = open_account(id);
    EXPECT_EQ(run(read(account, bit(Column::keys))).front(), before.front());
    EXPECT_EQ(run(read(account, kBoth)), before);
    EXPECT_EQ(run(read(account, kBoth)), before);  // Now from the cache.
    auto report = run(store_->check(true));
    EXPECT_TRUE(report->findings.empty()) << report->findings.front();
    fill(account, 600);  // The next changes rewrite it, and pack the rest.
    EXPECT_TRUE(soon([&] { return rows(id, "g").size() > 1 && spoiled_groups(id) == 0; }));
    account.reset();
    reopen();
    std::vector<std::string> after = run(read(open_account(id), kBoth));
    after.resize(before.size());
    EXPECT_EQ(after, before);
  }

  std::vector<NewEmail> emails_;
};

TEST_F(DigestVersionTest, ADigestOfAnotherVersionIsMadeAgain) { expect_made_again(other_version); }

TEST_F(DigestVersionTest, ADigestThatCannotBeReadIsMadeAgain) { expect_made_again(undecodable); }

TEST_F(DigestVersionTest, WhatCannotBeMadeAgainIsAnErrorOfThatMessage) {
  AccountPtr account = make_account("ann@example.org");
  const AccountId id = account->id();
  make_emails(account);
  fill(account, 3);
  const std::vector<std::string> before = run(read(account, bit(Column::structure)));
  account.reset();
  shut();
  spoil_all(id, other_version);
  for (const engine::PieceHold& hold : *emails_[1].holds) {
    ASSERT_TRUE(engine_->unhold(hold.name, id, INT64_MAX));
    ASSERT_TRUE(*engine_->erase(hold.name, (*engine_->inspect(hold.name))->version));
  }
  reopen();
  const std::vector<std::string> after = run(read(open_account(id), bit(Column::structure)));
  EXPECT_EQ(after[0], before[0]);
  EXPECT_EQ(after[1], "<no such piece>");
  EXPECT_EQ(after[2], before[2]);
}

}  // namespace
}  // namespace posthorn::store
